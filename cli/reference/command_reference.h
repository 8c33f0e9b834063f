// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace aiomisc::cli {

/// An option as its users see it.
struct DocumentedOption {
    std::vector<std::string> names;  ///< `-j`, `--jobs`
    std::string value;               ///< `N`, `auto|always|never`, `[=SEED]`; empty: takes none
    std::string meaning;
};

struct OptionSection {
    std::string title;
    std::vector<DocumentedOption> options;
};

/// A thing to look up: a placeholder, an exit status, a command line.
struct Entry {
    std::string term;
    std::string meaning;
};

struct Topic {
    std::string title;
    std::string text;  ///< before the entries; may be empty
    std::vector<Entry> entries;
};

/// What the words behind the options are, for completion.
enum class Operands {
    kNone,
    kJob,  ///< TARGET [WORD...] [SOURCE...]
};

/// All there is to know about the use of a command; long help, manual page and shell completions
/// are made of it, so that none can tell another story.
struct CommandReference {
    std::string name;
    std::string version;
    std::string summary;                   ///< one line, no full stop
    std::vector<std::string> synopsis;     ///< without the name
    std::vector<std::string> description;  ///< paragraphs
    std::vector<OptionSection> options;
    std::vector<Topic> topics;
    std::vector<std::string> see_also;  ///< `xargs(1)`
    Operands operands = Operands::kNone;
};

/// Whether the word behind the option may be its value; `[=SEED]` is never a word of its own.
bool has_separate_value(const DocumentedOption& option);

/// The values that can be completed: those alternatives of `value` that are plain lower-case words.
std::vector<std::string> value_choices(const DocumentedOption& option);

}  // namespace aiomisc::cli
