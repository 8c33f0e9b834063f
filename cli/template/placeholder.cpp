// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/placeholder.h>

#include <aiomisc/cli/template/path_parts.h>

#include <charconv>
#include <system_error>

namespace aiomisc::cli {
namespace {

using Part = Placeholder::Part;

std::optional<Part> path_part(std::string_view text) {
    if (text.empty()) {
        return Part::kWhole;
    }
    if (text == ".") {
        return Part::kNoExtension;
    }
    if (text == "/") {
        return Part::kBase;
    }
    if (text == "//") {
        return Part::kDirectory;
    }
    if (text == "/.") {
        return Part::kBaseNoExtension;
    }
    return std::nullopt;
}

// What stands between the braces; not empty, that spelling is matched as `whole`.
std::optional<Placeholder> parse_inside(std::string_view text) {
    if (text == "#") {
        return Placeholder{.part = Part::kSequence};
    }
    if (text == "%") {
        return Placeholder{.part = Part::kSlot};
    }
    Placeholder placeholder;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), placeholder.position);
    if (error == std::errc()) {
        if (placeholder.position == 0) {
            return std::nullopt;
        }
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    } else if (error != std::errc::invalid_argument || text.empty()) {
        return std::nullopt;
    }
    const auto part = path_part(text);
    if (!part) {
        return std::nullopt;
    }
    placeholder.part = *part;
    return placeholder;
}

std::string_view take_part(Part part, std::string_view item) {
    switch (part) {
        case Part::kNoExtension:
            return without_extension(item);
        case Part::kBase:
            return base_name(item);
        case Part::kDirectory:
            return directory(item);
        case Part::kBaseNoExtension:
            return without_extension(base_name(item));
        default:
            return item;
    }
}

}  // namespace

std::optional<PlaceholderMatch> match_placeholder(std::string_view text, std::string_view whole) {
    if (text.starts_with(whole)) {
        return PlaceholderMatch{.placeholder = {}, .length = whole.size()};
    }
    constexpr std::size_t kLongest = 16;  // {-2147483648//}
    if (!text.starts_with('{')) {
        return std::nullopt;
    }
    const std::size_t end = text.substr(0, kLongest).find('}');
    if (end == std::string_view::npos || end == 1) {
        return std::nullopt;
    }
    const auto placeholder = parse_inside(text.substr(1, end - 1));
    if (!placeholder) {
        return std::nullopt;
    }
    return PlaceholderMatch{.placeholder = *placeholder, .length = end + 1};
}

std::vector<std::string> expand(
    const Placeholder& placeholder, const JobInput& input, unsigned slot) {
    if (placeholder.part == Part::kSequence) {
        return {std::to_string(input.seq)};
    }
    if (placeholder.part == Part::kSlot) {
        return {std::to_string(slot)};
    }
    std::vector<std::string> values;
    if (placeholder.position == 0) {
        values.reserve(input.items.size());
        for (const std::string& item : input.items) {
            values.emplace_back(take_part(placeholder.part, item));
        }
        return values;
    }
    const auto count = static_cast<std::ptrdiff_t>(input.items.size());
    const std::ptrdiff_t index =
        placeholder.position > 0 ? placeholder.position - 1 : count + placeholder.position;
    if (index < 0 || index >= count) {
        return {std::string()};
    }
    return {std::string(take_part(placeholder.part, input.items[static_cast<std::size_t>(index)]))};
}

}  // namespace aiomisc::cli
