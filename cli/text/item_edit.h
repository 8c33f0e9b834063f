// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace aiomisc::cli {

/// What a placeholder makes of an item, named as in the placeholder: `/.` is that of `{/.}` and of
/// `{2/.}`. The nameless one leaves items as they are.
class ItemEdit {
public:
    using Function = std::function<std::string(std::string_view)>;

    ItemEdit() = default;

    ItemEdit(std::string name, Function function)
        : name_(std::move(name)), function_(std::move(function)) {}

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    [[nodiscard]] std::string operator()(std::string_view item) const {
        return function_ ? function_(item) : std::string(item);
    }

    /// Within one set of placeholders a name has one meaning.
    friend bool operator==(const ItemEdit& a, const ItemEdit& b) { return a.name_ == b.name_; }

private:
    std::string name_;
    Function function_;
};

/// `.`, `/`, `//`, `/.`, and the nameless one.
std::optional<ItemEdit> path_edit(std::string_view name);

/// Those of --plus: `..`, `+/`, `:2:3`, `%.gz`, `/a/b`, `^^a`, …
///
/// Errors:    UsageError (a bad regular expression in it).
std::optional<ItemEdit> plus_edit(std::string_view name);

/// The edit of `{NAME}=s/RE/TO/FLAGS`, in which any character may stand for the `/`. In TO, `&` is
/// the match, `\1` to `\9` are its groups, `\n` is a newline, and a backslash takes the meaning
/// from what follows. FLAGS are `g` (every match) and `i` (upper and lower case are alike).
///
/// Errors:    UsageError.
ItemEdit parse_definition(const std::string& text);

}  // namespace aiomisc::cli
