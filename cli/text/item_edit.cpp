// SPDX-License-Identifier: MIT
#include <aiomisc/cli/text/item_edit.h>

#include <aiomisc/cli/text/path_parts.h>

#include <algorithm>
#include <iterator>

namespace aiomisc::cli {
namespace {

std::string_view base_without_extension(std::string_view path) noexcept {
    return without_extension(base_name(path));
}

struct PathPart {
    std::string_view name;
    std::string_view (*take)(std::string_view path) noexcept;
};

constexpr PathPart kPathParts[] = {
    {".", &without_extension},
    {"/", &base_name},
    {"//", &directory},
    {"/.", &base_without_extension},
};

}  // namespace

std::optional<ItemEdit> path_edit(std::string_view name) {
    if (name.empty()) {
        return ItemEdit();
    }
    const auto* const found = std::ranges::find(kPathParts, name, &PathPart::name);
    if (found == std::end(kPathParts)) {
        return std::nullopt;
    }
    return ItemEdit(std::string(name), [take = found->take](std::string_view item) {
        return std::string(take(item));
    });
}

}  // namespace aiomisc::cli
