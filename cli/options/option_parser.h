// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/options/source_words.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// The option words at the front of a command line, one option or value each.
struct OptionWords {
    std::vector<std::string> tokens;
    std::size_t count = 0;  ///< how many words they were, a final `--` included
};

/// What options are there, and what they do to an Options.
class OptionParser {
public:
    /// Binds to `options`, which must outlive the parser.
    explicit OptionParser(Options& options);
    OptionParser(const OptionParser&) = delete;
    OptionParser& operator=(const OptionParser&) = delete;
    ~OptionParser();

    /// Finds where the options end, takes bundles and `--name=value` apart, and replaces shorthands
    /// (`--bar`) by what they stand for, so that the last one said holds.
    ///
    /// Errors:    UsageError (unknown option, value missing or unwanted).
    [[nodiscard]] OptionWords split(std::span<const std::string> words) const;

    /// Fills the options from tokens of split(). Errors: UsageError.
    void parse(std::vector<std::string> tokens);

    [[nodiscard]] const Separators& separators() const noexcept;

    /// False after --no-directives.
    [[nodiscard]] bool wants_directives() const noexcept;

    [[nodiscard]] std::string help() const;

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace aiomisc::cli
