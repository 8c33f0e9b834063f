// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/placeholder.h>

#include <cstddef>

#include <fmt/format.h>

namespace aiomisc::cli {
namespace {

std::vector<std::string> items_of(const Placeholder& placeholder, const JobInput& input) {
    std::vector<std::string> values;
    if (placeholder.position == 0) {
        values.reserve(input.items.size());
        for (const std::string& item : input.items) {
            values.push_back(placeholder.edit(item));
        }
        return values;
    }
    const auto count = static_cast<std::ptrdiff_t>(input.items.size());
    const std::ptrdiff_t index =
        placeholder.position > 0 ? placeholder.position - 1 : count + placeholder.position;
    if (index < 0 || index >= count) {
        return {std::string()};
    }
    return {placeholder.edit(input.items[static_cast<std::size_t>(index)])};
}

}  // namespace

std::vector<std::string> expand(
    const Placeholder& placeholder, const JobInput& input, unsigned slot) {
    switch (placeholder.value) {
        case Placeholder::Value::kItem:
            return items_of(placeholder, input);
        case Placeholder::Value::kSequence:
            return {std::to_string(input.seq)};
        case Placeholder::Value::kPaddedSequence:
            return {fmt::format("{:0{}}", input.seq, fmt::formatted_size("{}", input.total))};
        case Placeholder::Value::kSlot:
            return {fmt::format("{:0{}}", slot, placeholder.width)};
        case Placeholder::Value::kTotal:
            return {std::to_string(input.total)};
    }
    return {};
}

}  // namespace aiomisc::cli
