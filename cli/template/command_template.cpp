// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/command_template.h>

#include <aiomisc/cli/target/program.h>
#include <aiomisc/cli/template/plain_words.h>
#include <aiomisc/cli/template/shell_quote.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace aiomisc::cli {
namespace {

constexpr const char* kScriptName = "aiomisc-run";  // $0, which shells put before their messages

FilledCommand checked(FilledCommand filled) {
    for (const std::string& argument : filled.command.argv) {
        if (argument.find('\0') != std::string::npos) {
            throw Error(
                "an item holds a zero byte, which no argument can; are items separated by -0?");
        }
    }
    return filled;
}

std::string join(const std::vector<std::string>& words) {
    std::string joined;
    for (const std::string& word : words) {
        joined += &word == &words.front() ? "" : " ";
        joined += word;
    }
    return joined;
}

/// A shell takes a script that begins with a dash for options.
std::string as_script(std::string text) {
    return text.starts_with('-') || text.starts_with('+') ? ' ' + std::move(text) : text;
}

/// Every item is a command line.
class LineCommand final : public CommandTemplate {
public:
    explicit LineCommand(std::string shell) : shell_(std::move(shell)) {}

    [[nodiscard]] bool needs_total() const noexcept override { return false; }

    [[nodiscard]] FilledCommand fill(const JobInput& input, unsigned) const override {
        const std::string line = join(input.items);
        return checked(
            {.command = {.program = shell_, .argv = {shell_, "-c", as_script(line)}},
             .text = line});
    }

private:
    std::string shell_;
};

/// A script of the shell.
class ShellCommand final : public CommandTemplate {
public:
    ShellCommand(ShellTemplate script, std::string shell)
        : script_(std::move(script)), shell_(std::move(shell)) {}

    [[nodiscard]] bool needs_total() const noexcept override { return script_.needs_total(); }

    [[nodiscard]] FilledCommand fill(const JobInput& input, unsigned slot) const override {
        ShellScript script = script_.fill(input, slot);
        std::vector<std::string> argv{
            shell_, "-c", as_script(std::move(script.script)), kScriptName};
        std::move(script.values.begin(), script.values.end(), std::back_inserter(argv));
        return checked(
            {.command = {.program = shell_, .argv = std::move(argv)},
             .text = script_.text(input, slot)});
    }

private:
    ShellTemplate script_;
    std::string shell_;
};

/// Words that are executed without a shell. A word that is nothing but `{}` becomes as many
/// arguments as there are items.
class DirectCommand final : public CommandTemplate {
public:
    DirectCommand(
        const std::vector<std::string>& words,
        const PlaceholderSet& placeholders,
        bool repeat_words)
        : repeat_words_(repeat_words) {
        words_.reserve(words.size());
        for (const std::string& word : words) {
            words_.emplace_back(word, placeholders);
        }
        if (!words_.front().has_placeholder()) {
            program_ = find_program(words.front()).value_or(words.front());
        }
    }

    [[nodiscard]] bool needs_total() const noexcept override {
        return std::ranges::any_of(words_, &TextTemplate::needs_total);
    }

    [[nodiscard]] FilledCommand fill(const JobInput& input, unsigned slot) const override {
        std::vector<std::string> argv;
        for (const TextTemplate& word : words_) {
            if (const auto* placeholder = word.sole_placeholder()) {
                std::ranges::move(expand(*placeholder, input, slot), std::back_inserter(argv));
            } else if (repeat_words_ && word.embeds_all_items()) {
                std::ranges::move(word.fill_each(input, slot), std::back_inserter(argv));
            } else {
                argv.push_back(word.fill(input, slot));
            }
        }
        if (argv.empty()) {
            throw Error("the command is empty");
        }
        std::string text = shell_join(argv);
        std::string program =
            program_.empty() ? find_program(argv.front()).value_or(argv.front()) : program_;
        return checked(
            {.command = {.program = std::move(program), .argv = std::move(argv)},
             .text = std::move(text)});
    }

private:
    std::vector<TextTemplate> words_;
    bool repeat_words_;
    std::string program_;  // empty while it depends on the item
};

void append_items_if_none(std::vector<std::string>& words, const PlaceholderSet& placeholders) {
    const bool has_one = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return TextTemplate(word, placeholders).has_placeholder();
    });
    if (!has_one) {
        words.push_back(placeholders.whole());
    }
}

bool embeds_all_items(const std::vector<std::string>& words, const PlaceholderSet& placeholders) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return TextTemplate(word, placeholders).embeds_all_items();
    });
}

std::string shell_program(const std::string& shell) {
    return find_program(shell).value_or(shell);
}

}  // namespace

std::unique_ptr<CommandTemplate> CommandTemplate::make(
    const TemplateOptions& options, const PlaceholderSet& placeholders, bool many_items) {
    std::vector<std::string> words = options.words;
    if (words.empty()) {
        return std::make_unique<LineCommand>(shell_program(options.shell));
    }
    append_items_if_none(words, placeholders);
    if (options.no_shell || options.mode == Mode::kExec) {
        return std::make_unique<DirectCommand>(words, placeholders, options.repeat_words);
    }
    if (!options.quote && words.front().find('/') != std::string::npos &&
        is_executable_file(words.front())) {
        words.front() = shell_quote(words.front());  // a file, whatever its name looks like
    }
    const bool shell_wanted = options.shell_given || options.mode == Mode::kShell;
    if (options.quote) {
        if (!shell_wanted && plain_words(words.front(), placeholders)) {
            return std::make_unique<DirectCommand>(words, placeholders, options.repeat_words);
        }
        return std::make_unique<ShellCommand>(
            ShellTemplate::of_words(words, placeholders, options.repeat_words),
            shell_program(options.shell));
    }
    const std::string text = join(words);
    const auto plain = shell_wanted ? std::nullopt : plain_words(text, placeholders);
    // Unquoted in a shell, the blanks between several items would end the word they stand in.
    if (plain && (options.repeat_words || !many_items || !embeds_all_items(*plain, placeholders))) {
        return std::make_unique<DirectCommand>(*plain, placeholders, options.repeat_words);
    }
    return std::make_unique<ShellCommand>(
        ShellTemplate(text, placeholders, options.repeat_words), shell_program(options.shell));
}

}  // namespace aiomisc::cli
