// SPDX-License-Identifier: MIT

// The edits of --plus, as GNU parallel has them: most are written like the parameter expansions of
// bash, with regular expressions where bash has patterns.

#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/text/item_edit.h>
#include <aiomisc/cli/text/regex.h>

#include <charconv>
#include <limits>

namespace aiomisc::cli {
namespace {

using Function = ItemEdit::Function;

/// An edit without parameters: what the expression finds is replaced, or nothing is left when it
/// finds nothing.
struct FixedEdit {
    std::string_view name;
    const char* pattern;
    const char* rewrite;
    bool empty_without_match;
};

// In each, `[^/.]` keeps to the last component of the path.
constexpr FixedEdit kFixedEdits[] = {
    {"..", R"(\.[^/.]*\.[^/.]*\z)", "", false},
    {"...", R"(\.[^/.]*\.[^/.]*\.[^/.]*\z)", "", false},
    {"/..", R"(\A(?s:.*/)?([^/]*?)(?:\.[^/.]*\.[^/.]*)?\z)", "\\1", false},
    {"/...", R"(\A(?s:.*/)?([^/]*?)(?:\.[^/.]*\.[^/.]*\.[^/.]*)?\z)", "\\1", false},
    {"+/", R"(/[^/]*\z)", "", true},
    {"+.", R"(\A(?s:.*)\.)", "", true},
    {"+..", R"(\A(?s:.*)\.([^/.]*\.[^/.]*)\z)", "\\1", true},
    {"+...", R"(\A(?s:.*)\.([^/.]*\.[^/.]*\.[^/.]*)\z)", "\\1", true},
};

Function fixed(const FixedEdit& edit) {
    return [regex = Regex(edit.pattern), &edit](std::string_view item) {
        return edit.empty_without_match && !regex.find(item)
                   ? std::string()
                   : regex.replaced(item, edit.rewrite, false);
    };
}

Function replacing(const std::string& pattern, std::string_view text, bool every) {
    return [regex = Regex(pattern), rewrite = escape_rewrite(text), every](std::string_view item) {
        return regex.replaced(item, rewrite, every);
    };
}

std::string group(std::string_view pattern) {
    return "(?:" + std::string(pattern) + ")";
}

/// `U` swaps what is greedy and what is not.
std::string shortest(std::string_view pattern) {
    return "(?U:" + std::string(pattern) + ")";
}

/// The shortest end that matches: what stands before it takes all it can.
Function without_shortest_end(std::string_view pattern) {
    return [regex = Regex("\\A((?s:.*))" + group(pattern) + "\\z")](std::string_view item) {
        return regex.replaced(item, "\\1", false);
    };
}

// Letters of ASCII, whatever the locale: a name is to become the same everywhere.
Function changing_case(const std::string& pattern, bool upper) {
    return [regex = Regex(pattern), upper](std::string_view item) {
        std::string changed(item);
        for (const Regex::Match& match : regex.matches(item)) {
            for (std::size_t at = match.begin; at < match.end; ++at) {
                const char c = changed[at];
                const bool turns = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';
                changed[at] = turns ? static_cast<char>(c ^ 0x20) : c;
            }
        }
        return changed;
    };
}

void drop_characters(std::string_view& text, std::size_t count) {
    for (; count > 0 && !text.empty(); --count) {
        if (!take_utf8(text)) {
            text.remove_prefix(1);
        }
    }
}

/// `:n` and `:n:m`, in characters. No function if `parameters` are no numbers.
Function substring(std::string_view parameters) {
    std::size_t numbers[] = {0, std::numeric_limits<std::size_t>::max()};
    for (std::size_t& number : numbers) {
        const char* const begin = parameters.data();
        const auto [stop, error] = std::from_chars(begin, begin + parameters.size(), number);
        if (error != std::errc()) {
            return {};
        }
        parameters.remove_prefix(static_cast<std::size_t>(stop - begin));
        if (parameters.empty()) {
            break;
        }
        if (parameters.front() != ':' || &number != std::begin(numbers)) {
            return {};
        }
        parameters.remove_prefix(1);
    }
    return [first = numbers[0], count = numbers[1]](std::string_view item) {
        drop_characters(item, first);
        std::string_view behind = item;
        drop_characters(behind, count);
        return std::string(item.substr(0, item.size() - behind.size()));
    };
}

/// `/re/text` and its kin: first match, every one (`//`), at the beginning (`/#`), at the end
/// (`/%`). No function if there is no second `/`.
Function replacement(std::string_view parameters) {
    const char kind = parameters.empty() ? '\0' : parameters.front();
    const bool marked = kind == '/' || kind == '#' || kind == '%';
    parameters.remove_prefix(marked ? 1 : 0);
    const std::size_t slash = parameters.find('/');
    if (slash == std::string_view::npos || slash == 0) {
        return {};
    }
    std::string pattern = group(parameters.substr(0, slash));
    pattern = kind == '#' ? "\\A" + pattern : kind == '%' ? pattern + "\\z" : pattern;
    return replacing(pattern, parameters.substr(slash + 1), kind == '/');
}

/// An edit whose name begins with its operator; what follows are its parameters.
struct ParameterEdit {
    std::string_view prefix;
    Function (*make)(std::string_view parameters);
};

// A longer operator comes before the shorter one that it begins with.
constexpr ParameterEdit kParameterEdits[] = {
    {":-",
     [](std::string_view text) -> Function {
         return [text = std::string(text)](std::string_view item) {
             return item.empty() ? text : std::string(item);
         };
     }},
    {":", &substring},
    {"##", [](std::string_view re) { return replacing("\\A" + group(re), "", false); }},
    {"#", [](std::string_view re) { return replacing("\\A" + shortest(re), "", false); }},
    {"%%", [](std::string_view re) { return replacing(group(re) + "\\z", "", false); }},
    {"%", &without_shortest_end},
    {"/", &replacement},
    {"^^", [](std::string_view re) { return changing_case(group(re), true); }},
    {"^", [](std::string_view re) { return changing_case("\\A" + group(re), true); }},
    {",,", [](std::string_view re) { return changing_case(group(re), false); }},
    {",", [](std::string_view re) { return changing_case("\\A" + group(re), false); }},
};

}  // namespace

std::optional<ItemEdit> plus_edit(std::string_view name) {
    for (const FixedEdit& edit : kFixedEdits) {
        if (name == edit.name) {
            return ItemEdit(std::string(name), fixed(edit));
        }
    }
    for (const ParameterEdit& edit : kParameterEdits) {
        if (!name.starts_with(edit.prefix) || name.size() == edit.prefix.size()) {
            continue;
        }
        Function function = edit.make(name.substr(edit.prefix.size()));
        return function ? std::optional(ItemEdit(std::string(name), std::move(function)))
                        : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace aiomisc::cli
