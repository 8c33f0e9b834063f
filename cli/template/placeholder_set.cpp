// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/placeholder_set.h>

#include <aiomisc/cli/options/usage_error.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace aiomisc::cli {
namespace {

using Value = Placeholder::Value;

/// Longer ones are text, so that text full of braces is no work.
constexpr std::size_t kLongest = 4096;

}  // namespace

PlaceholderSet::PlaceholderSet(
    const TemplateOptions& options, std::vector<std::string> columns, unsigned slots)
    : whole_(options.placeholder),
      plus_(options.plus),
      defined_(options.definitions),
      slot_width_(static_cast<unsigned>(fmt::formatted_size("{}", slots))) {
    int position = 0;
    for (std::string& name : columns) {
        ++position;
        if (!name.empty() && name.find_first_of("{}") == std::string::npos) {
            columns_.push_back({std::move(name), position});
        }
    }
    std::ranges::sort(columns_, [](const Column& a, const Column& b) {
        return a.name.size() != b.name.size() ? a.name.size() > b.name.size()
                                              : a.position < b.position;
    });
}

std::optional<PlaceholderMatch> PlaceholderSet::match(std::string_view text) const {
    if (text.starts_with(whole_)) {
        return PlaceholderMatch{.placeholder = {}, .length = whole_.size()};
    }
    if (!text.starts_with('{')) {
        return std::nullopt;
    }
    const std::size_t end = text.substr(0, kLongest).find('}');
    if (end == std::string_view::npos || end == 1) {
        return std::nullopt;
    }
    const std::string_view inside = text.substr(1, end - 1);
    auto placeholder = number(inside);
    if (!placeholder) {
        placeholder = item(inside);
    }
    if (!placeholder) {
        placeholder = column(inside);
    }
    if (!placeholder) {
        return std::nullopt;
    }
    return PlaceholderMatch{.placeholder = std::move(*placeholder), .length = end + 1};
}

std::optional<Placeholder> PlaceholderSet::number(std::string_view inside) const {
    if (inside == "#") {
        return Placeholder{.value = Value::kSequence};
    }
    if (inside == "%") {
        return Placeholder{.value = Value::kSlot};
    }
    if (plus_ && inside == "##") {
        return Placeholder{.value = Value::kTotal};
    }
    if (plus_ && inside == "0#") {
        return Placeholder{.value = Value::kPaddedSequence};
    }
    if (plus_ && inside == "0%") {
        return Placeholder{.value = Value::kSlot, .width = slot_width_};
    }
    return std::nullopt;
}

std::optional<Placeholder> PlaceholderSet::item(std::string_view inside) const {
    int position = 0;
    const char* const begin = inside.data();
    const auto [stop, error] = std::from_chars(begin, begin + inside.size(), position);
    if (error == std::errc()) {
        if (position == 0) {
            return std::nullopt;
        }
        inside.remove_prefix(static_cast<std::size_t>(stop - begin));
    } else if (error != std::errc::invalid_argument) {
        return std::nullopt;
    }
    auto made = edit(inside);
    if (!made) {
        return std::nullopt;
    }
    return Placeholder{.position = position, .edit = std::move(*made)};
}

std::optional<Placeholder> PlaceholderSet::column(std::string_view inside) const {
    for (auto at = columns_.begin(); at != columns_.end(); ++at) {
        if (!inside.starts_with(at->name)) {
            continue;
        }
        auto made = edit(inside.substr(at->name.size()));
        if (!made) {
            continue;
        }
        const auto same = std::ranges::find(std::next(at), columns_.end(), at->name, &Column::name);
        if (same != columns_.end()) {
            throw UsageError(fmt::format(
                "'{{{}}}': columns {} and {} are both called '{}'; write {{{}}} or {{{}}}",
                inside,
                at->position,
                same->position,
                at->name,
                at->position,
                same->position));
        }
        return Placeholder{.position = at->position, .edit = std::move(*made)};
    }
    return std::nullopt;
}

std::optional<ItemEdit> PlaceholderSet::edit(std::string_view name) const {
    if (auto part = path_edit(name)) {
        return part;
    }
    // Of two definitions the last one holds, as of all options.
    const auto own = std::find_if(defined_.rbegin(), defined_.rend(), [name](const ItemEdit& edit) {
        return edit.name() == name;
    });
    if (own != defined_.rend()) {
        return *own;
    }
    return plus_ ? plus_edit(name) : std::nullopt;
}

}  // namespace aiomisc::cli
