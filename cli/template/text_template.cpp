// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/text_template.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace aiomisc::cli {

TextTemplate::TextTemplate(std::string_view text, const PlaceholderSet& placeholders) {
    std::string literal;
    const auto end_literal = [&] {
        if (!literal.empty()) {
            pieces_.emplace_back(std::exchange(literal, {}));
        }
    };
    while (!text.empty()) {
        if (const auto match = placeholders.match(text)) {
            end_literal();
            pieces_.emplace_back(match->placeholder);
            text.remove_prefix(match->length);
        } else {
            literal += text.front();
            text.remove_prefix(1);
        }
    }
    end_literal();
}

std::string TextTemplate::fill(const JobInput& input, unsigned slot) const {
    return fill(input, slot, [](std::string_view value) { return std::string(value); });
}

std::string TextTemplate::fill(
    const JobInput& input,
    unsigned slot,
    const std::function<std::string(std::string_view value)>& as) const {
    std::string filled;
    for (const auto& piece : pieces_) {
        if (const auto* literal = std::get_if<std::string>(&piece)) {
            filled += *literal;
            continue;
        }
        const auto values = expand(std::get<Placeholder>(piece), input, slot);
        filled += values.empty() ? as({}) : "";
        const char* separator = "";
        for (const std::string& value : values) {
            filled += separator;
            filled += as(value);
            separator = " ";
        }
    }
    return filled;
}

std::string_view TextTemplate::leading_text() const noexcept {
    const auto* literal = pieces_.empty() ? nullptr : std::get_if<std::string>(&pieces_.front());
    return literal == nullptr ? std::string_view() : std::string_view(*literal);
}

std::vector<std::string> TextTemplate::fill_each(const JobInput& input, unsigned slot) const {
    std::vector<std::string> texts(input.items.size());
    for (const auto& piece : pieces_) {
        if (const auto* literal = std::get_if<std::string>(&piece)) {
            for (std::string& text : texts) {
                text += *literal;
            }
            continue;
        }
        const std::vector<std::string> values = expand(std::get<Placeholder>(piece), input, slot);
        const bool one_each = std::get<Placeholder>(piece).takes_all_items();
        for (std::size_t item = 0; item < texts.size(); ++item) {
            texts[item] += values[one_each ? item : 0];
        }
    }
    return texts;
}

bool TextTemplate::has_placeholder() const noexcept {
    return std::any_of(pieces_.begin(), pieces_.end(), [](const auto& piece) {
        return std::holds_alternative<Placeholder>(piece);
    });
}

bool TextTemplate::needs_total() const noexcept {
    return std::any_of(pieces_.begin(), pieces_.end(), [](const auto& piece) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        return placeholder != nullptr && placeholder->needs_total();
    });
}

const Placeholder* TextTemplate::sole_placeholder() const noexcept {
    return pieces_.size() == 1 ? std::get_if<Placeholder>(&pieces_.front()) : nullptr;
}

bool TextTemplate::has_only_whole_item() const noexcept {
    const Placeholder* only = nullptr;
    for (const auto& piece : pieces_) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        if (placeholder != nullptr && std::exchange(only, placeholder) != nullptr) {
            return false;
        }
    }
    return only != nullptr && only->value == Placeholder::Value::kItem &&
           std::abs(only->position) <= 1 && only->edit == ItemEdit();
}

bool TextTemplate::embeds_all_items() const noexcept {
    return pieces_.size() > 1 && std::any_of(pieces_.begin(), pieces_.end(), [](const auto& piece) {
               const auto* placeholder = std::get_if<Placeholder>(&piece);
               return placeholder != nullptr && placeholder->takes_all_items();
           });
}

}  // namespace aiomisc::cli
