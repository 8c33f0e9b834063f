// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/shell_arithmetic.h>

#include <algorithm>
#include <array>
#include <string>

namespace aiomisc::cli {
namespace {

constexpr std::array<std::string_view, 7> kEvaluating{
    "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v"};
constexpr std::string_view kVariableIsSet = "-v";

bool is_one_of(char c, std::string_view characters) {
    return characters.find(c) != std::string_view::npos;
}

bool is_blank(char c) {
    return is_one_of(c, " \t\n");
}

/// Finds the end of quoted and nested text. What is open is on a stack, by what closes it.
class NestedText {
public:
    explicit NestedText(std::string_view text) : text_(text) {}

    /// Where that ends which begins at `at`: one character, or all of '…', "…", `…`, $(…), ${…}.
    std::size_t end(std::size_t at) {
        at_ = at;
        do {
            take();
        } while (!closers_.empty() && at_ < text_.size());
        closers_.clear();
        return std::min(at_, text_.size());
    }

private:
    void take() {
        const char c = text_[at_];
        const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        const char closer = closers_.empty() ? '\0' : closers_.back();
        if (c == closer) {
            closers_.pop_back();
            ++at_;
        } else if (c == '\\') {
            at_ += 2;
        } else if (c == '`' && is_one_of('`', closers_)) {
            closers_.resize(closers_.rfind('`'));  // whatever else is open in there
            ++at_;
        } else if (c == '"' || c == '`') {
            open(c, 1);
        } else if (c == '\'' && !in_double_quotes()) {
            take_single_quoted(false);
        } else if (c == '$' && next == '\'' && !in_double_quotes()) {
            ++at_;
            take_single_quoted(true);
        } else if (c == '$' && is_one_of(next, "({[")) {
            open(next == '(' ? ')' : next == '{' ? '}' : ']', 2);
        } else if (c == '(' && closer == ')') {
            open(')', 1);
        } else {
            ++at_;
        }
    }

    void open(char closer, std::size_t length) {
        closers_ += closer;
        at_ += length;
    }

    void take_single_quoted(bool with_backslashes) {
        for (++at_; at_ < text_.size() && text_[at_] != '\''; ++at_) {
            at_ += with_backslashes && text_[at_] == '\\' ? 1 : 0;
        }
        ++at_;
    }

    [[nodiscard]] bool in_double_quotes() const {
        const std::size_t around = closers_.find_last_of("\")`");
        return around != std::string::npos && closers_[around] == '"';
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string closers_;
};

/// Whether a command in the text may hold a `)` that closes nothing: in a case, a comment, or a
/// here-document.
bool has_odd_parentheses(std::string_view text) {
    if (text.find("$(") == std::string_view::npos && text.find('`') == std::string_view::npos) {
        return false;
    }
    return std::ranges::any_of(
        std::array<std::string_view, 5>{"case", " #", "\t#", "\n#", "<<"},
        [text](std::string_view odd) { return text.find(odd) != std::string_view::npos; });
}

bool begins_with_word(std::string_view text, std::string_view word) {
    return text.starts_with(word) &&
           (text.size() == word.size() || is_one_of(text[word.size()], " \t\n\\"));
}

bool begins_with_evaluating_operator(std::string_view text) {
    return std::ranges::any_of(kEvaluating, [text](std::string_view operation) {
        return begins_with_word(text, operation);
    });
}

bool has_evaluating_operator(std::string_view text) {
    return std::ranges::any_of(kEvaluating, [text](std::string_view operation) {
        return text.find(operation) != std::string_view::npos;
    });
}

bool ends_condition(std::string_view text) {
    return text.starts_with("]]") && (text.size() == 2 || is_one_of(text[2], " \t\n;)&|<>`"));
}

/// Whether a command can begin behind that text.
bool command_can_follow(std::string_view before) {
    const std::size_t last = before.find_last_not_of(" \t");
    if (last == std::string_view::npos || is_one_of(before[last], "\n;|&()`{!'\"")) {
        return true;
    }
    before = before.substr(0, last + 1);
    const std::size_t begin = before.find_last_of(" \t\n;|&()`") + 1;  // 0 if there is none
    const std::string_view word = before.substr(begin);
    constexpr std::array<std::string_view, 9> kLeading{
        "if", "then", "elif", "else", "while", "until", "do", "builtin", "command"};
    return std::ranges::find(kLeading, word) != kLeading.end() || word == "time" ||
           is_one_of('=', word);
}

/// How long the command is that `text` begins with.
std::size_t simple_command_length(std::string_view text) {
    NestedText nested(text);
    int depth = 0;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        const bool redirects = at > 0 && is_one_of(text[at - 1], "<>");  // >& and >|
        if (depth == 0 && (is_one_of(c, ";\n)") || (is_one_of(c, "&|") && !redirects))) {
            return at;
        }
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        at = nested.end(at);
    }
    return text.size();
}

/// Whether that is a word of the command, outside quotes.
bool has_word(std::string_view command, std::string_view word) {
    NestedText nested(command);
    bool word_start = true;
    for (std::size_t at = 0; at < command.size();) {
        if (word_start && begins_with_word(command.substr(at), word)) {
            return true;
        }
        word_start = is_blank(command[at]);
        at = nested.end(at);
    }
    return false;
}

}  // namespace

bool opens_arithmetic(std::string_view text) {
    if (!text.starts_with("((")) {
        return false;
    }
    NestedText nested(text);
    int depth = 2;
    for (std::size_t at = 2; at < text.size(); at = nested.end(at)) {
        depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
        if (depth == 1) {
            return text.substr(at).starts_with("))") || has_odd_parentheses(text.substr(0, at));
        }
    }
    return true;
}

std::size_t numeric_condition_length(std::string_view text) {
    if (!text.starts_with("[[") || text.size() == 2 || !is_one_of(text[2], " \t\n\\(")) {
        return 0;
    }
    NestedText nested(text);
    bool evaluates = false;
    char before = '[';  // a blank that is quoted does not separate
    for (std::size_t at = 2; at < text.size();) {
        const std::string_view rest = text.substr(at);
        if (is_blank(before) && ends_condition(rest) && !has_odd_parentheses(text.substr(0, at))) {
            return evaluates ? at : 0;
        }
        if (is_blank(before) && rest.starts_with('#')) {
            at = std::min(text.find('\n', at), text.size());
            continue;
        }
        const bool word_start = is_one_of(before, " \t\n()&|<>");
        evaluates = evaluates || (word_start && begins_with_evaluating_operator(rest));
        before = text[at];
        at = nested.end(at);
    }
    return has_evaluating_operator(text) ? text.size() : 0;
}

std::size_t assigned_index_length(std::string_view text) {
    NestedText nested(text);
    int depth = 0;
    for (std::size_t at = 0; at < text.size(); at = nested.end(at)) {
        depth += text[at] == '[' ? 1 : text[at] == ']' ? -1 : 0;
        if (depth == 0) {
            const std::string_view behind = text.substr(at + 1);
            return behind.starts_with('=') || behind.starts_with("+=") ? at + 1 : 0;
        }
    }
    return text.find("]=") != std::string_view::npos || text.find("]+=") != std::string_view::npos
               ? text.size()
               : 0;
}

std::size_t evaluating_command_length(std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at);
    const bool is_let = begins_with_word(rest, "let");
    if (!is_let && !begins_with_word(rest, "test") && !begins_with_word(rest, "[")) {
        return 0;
    }
    if (!command_can_follow(text.substr(0, at))) {
        return 0;
    }
    const std::size_t length = simple_command_length(rest);
    return is_let || has_word(rest.substr(0, length), kVariableIsSet) ? length : 0;
}

}  // namespace aiomisc::cli
