// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/shell_template.h>

#include <aiomisc/cli/template/shell_quote.h>
#include <aiomisc/cli/template/shown_value.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace aiomisc::cli {
namespace {

bool is_integer(std::string_view value) {
    if (value.starts_with('-') || value.starts_with('+')) {
        value.remove_prefix(1);
    }
    const bool hexadecimal = value.starts_with("0x") || value.starts_with("0X");
    value.remove_prefix(hexadecimal ? 2 : 0);
    const std::string_view digits = hexadecimal ? "0123456789abcdefABCDEF" : "0123456789";
    return !value.empty() && value.find_first_not_of(digits) == std::string_view::npos;
}

void check_values(const ShellHole& hole, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        if (hole.evaluated && !is_integer(value)) {
            throw Error("'" + value + "' stands in shell arithmetic and is not an integer");
        }
    }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string joined;
    for (const std::string& part : parts) {
        joined += &part == &parts.front() ? "" : separator;
        joined += part;
    }
    return joined;
}

// The references to the variables `first` … `first + count - 1`, as the context wants them.
std::string references(ShellContext context, bool unquoted, std::size_t first, std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t index = first; index < first + count; ++index) {
        names.push_back("${__ar" + std::to_string(index) + "}");
    }
    if (context == ShellContext::kUnquoted && !unquoted) {
        return names.empty() ? "" : "\"" + join(names, "\" \"") + "\"";
    }
    if (context == ShellContext::kSingleQuoted) {
        return "'\"" + join(names, " ") + "\"'";
    }
    return join(names, " ");
}

/// Appends a word in quotes, except for the placeholders in it. Whether one takes all items.
bool append_quoted(
    std::vector<ShellPiece>& pieces, std::string_view word, const PlaceholderSet& placeholders) {
    const std::size_t begin = pieces.size();
    bool takes_all_items = false;
    std::string literal;
    const auto end_literal = [&] {
        if (!literal.empty()) {
            pieces.emplace_back("'" + escape_single_quoted(std::exchange(literal, {})) + "'");
        }
    };
    while (!word.empty()) {
        const auto match = placeholders.match(word);
        if (match) {
            end_literal();
            pieces.emplace_back(ShellHole{.placeholder = match->placeholder});
            takes_all_items = takes_all_items || match->placeholder.takes_all_items();
        } else {
            literal += word.front();
        }
        word.remove_prefix(match ? match->length : 1);
    }
    end_literal();
    if (pieces.size() == begin) {
        pieces.emplace_back("''");
    }
    return takes_all_items;
}

/// A placeholder whose values have got their variables.
struct KnownPlaceholder {
    Placeholder placeholder;
    std::size_t first;
    std::size_t count;
};

/// The variables to be written: all of the placeholder, or that of one item.
std::pair<std::size_t, std::size_t> chosen(
    const KnownPlaceholder& known, std::optional<std::size_t> item) {
    if (item && known.placeholder.takes_all_items()) {
        return {known.first + *item, 1};
    }
    return {known.first, known.count};
}

}  // namespace

ShellTemplate::ShellTemplate(
    std::string_view text, const PlaceholderSet& placeholders, bool repeat_words)
    : ShellTemplate(lex_shell(text, placeholders, repeat_words)) {}

// Not by quoting and lexing them: joined, the end of a word and the next could read as one
// placeholder.
ShellTemplate ShellTemplate::of_words(
    const std::vector<std::string>& words, const PlaceholderSet& placeholders, bool repeat_words) {
    ShellText text;
    for (const std::string& word : words) {
        if (!text.pieces.empty()) {
            text.pieces.emplace_back(" ");
        }
        const std::size_t begin = text.pieces.size();
        if (append_quoted(text.pieces, word, placeholders) && repeat_words) {
            text.words.push_back({begin, text.pieces.size()});
        }
    }
    return ShellTemplate(std::move(text));
}

ShellTemplate::ShellTemplate(ShellText text)
    : pieces_(std::move(text.pieces)), words_(std::move(text.words)), certain_(text.certain) {
    if (!pieces_.empty() && std::holds_alternative<ShellHole>(pieces_.front())) {
        const std::string_view behind = literal_at(1);
        first_word_is_hole_ =
            pieces_.size() == 1 || behind.starts_with(' ') || behind.starts_with('\t');
    }
}

std::string_view ShellTemplate::literal_at(std::size_t index) const noexcept {
    const auto* literal =
        index < pieces_.size() ? std::get_if<std::string>(&pieces_[index]) : nullptr;
    return literal == nullptr ? std::string_view() : std::string_view(*literal);
}

std::vector<ShellTemplate::Step> ShellTemplate::steps(std::size_t items) const {
    std::vector<Step> steps;
    auto word = words_.begin();
    for (std::size_t at = 0; at < pieces_.size();) {
        if (word == words_.end() || at < word->begin) {
            steps.push_back({.piece = &pieces_[at++]});
            continue;
        }
        for (std::size_t item = 0; item < items; ++item) {
            if (item > 0) {
                steps.push_back({});
            }
            for (at = word->begin; at < word->end; ++at) {
                steps.push_back({.piece = &pieces_[at], .item = item});
            }
        }
        at = (word++)->end;
    }
    return steps;
}

ShellScript ShellTemplate::body(const JobInput& input, unsigned slot) const {
    ShellScript filled;
    std::vector<KnownPlaceholder> known;
    for (const Step& step : steps(input.items.size())) {
        if (step.piece == nullptr) {
            filled.script += ' ';
            continue;
        }
        if (const auto* literal = std::get_if<std::string>(step.piece)) {
            filled.script += *literal;
            continue;
        }
        const auto& hole = std::get<ShellHole>(*step.piece);
        auto at = std::ranges::find(known, hole.placeholder, &KnownPlaceholder::placeholder);
        if (at == known.end()) {
            auto values = expand(hole.placeholder, input, slot);
            at = known.insert(at, {hole.placeholder, filled.values.size() + 1, values.size()});
            std::ranges::move(values, std::back_inserter(filled.values));
        }
        const auto [first, count] = chosen(*at, step.item);
        const auto first_value = filled.values.begin() + static_cast<std::ptrdiff_t>(first - 1);
        check_values(hole, {first_value, first_value + static_cast<std::ptrdiff_t>(count)});
        filled.script += references(hole.context, is_command(*step.piece), first, count);
    }
    return filled;
}

ShellScript ShellTemplate::fill(const JobInput& input, unsigned slot) const {
    ShellScript filled = body(input, slot);
    std::string variables;
    for (std::size_t index = 1; index <= filled.values.size(); ++index) {
        variables += fmt::format("__ar{0}=${{{0}}};", index);
    }
    filled.script.insert(0, variables + (filled.values.empty() ? "" : "set --;"));
    return filled;
}

std::string ShellTemplate::text(const JobInput& input, unsigned slot) const {
    return certain_ ? text_in_place(input, slot) : text_with_variables(input, slot);
}

std::string ShellTemplate::text_with_variables(const JobInput& input, unsigned slot) const {
    const ShellScript filled = body(input, slot);
    std::string text;
    for (std::size_t index = 0; index < filled.values.size(); ++index) {
        text += fmt::format("__ar{}={}; ", index + 1, shell_quote(filled.values[index]));
    }
    return text + filled.script;
}

std::string ShellTemplate::text_in_place(const JobInput& input, unsigned slot) const {
    std::string text;
    for (const Step& step : steps(input.items.size())) {
        if (step.piece == nullptr) {
            text += ' ';
            continue;
        }
        if (const auto* literal = std::get_if<std::string>(step.piece)) {
            text += *literal;
            continue;
        }
        const auto& hole = std::get<ShellHole>(*step.piece);
        auto values = step.item && hole.placeholder.takes_all_items()
                          ? std::vector{hole.placeholder.edit(input.items[*step.item])}
                          : expand(hole.placeholder, input, slot);
        check_values(hole, values);
        for (std::string& value : values) {
            value = is_command(*step.piece) ? shown_command(value)
                                            : shown_value(hole, around(*step.piece), value);
        }
        text += join(values, " ");
    }
    return text;
}

Surroundings ShellTemplate::around(const ShellPiece& piece) const noexcept {
    const auto index = static_cast<std::size_t>(&piece - pieces_.data());
    return {index == 0 ? std::string_view() : literal_at(index - 1), literal_at(index + 1)};
}

bool ShellTemplate::has_placeholder() const noexcept {
    return std::any_of(pieces_.begin(), pieces_.end(), [](const ShellPiece& piece) {
        return std::holds_alternative<ShellHole>(piece);
    });
}

bool ShellTemplate::needs_total() const noexcept {
    return std::any_of(pieces_.begin(), pieces_.end(), [](const ShellPiece& piece) {
        const auto* hole = std::get_if<ShellHole>(&piece);
        return hole != nullptr && hole->placeholder.needs_total();
    });
}

bool ShellTemplate::is_command(const ShellPiece& piece) const noexcept {
    return first_word_is_hole_ && &piece == &pieces_.front();
}

}  // namespace aiomisc::cli
