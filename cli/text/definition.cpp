// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/text/item_edit.h>
#include <aiomisc/cli/text/regex.h>

namespace aiomisc::cli {
namespace {

constexpr const char* kExpected = "expected {NAME}=s/RE/TO/ with the flags g and i behind it";

/// The name between the braces of `{NAME}=`; `rest` becomes what stands behind.
std::string take_name(std::string_view& rest) {
    const std::size_t end = rest.find("}=");
    if (!rest.starts_with('{') || end == std::string_view::npos || end < 2) {
        throw UsageError(kExpected);
    }
    const std::string name(rest.substr(1, end - 1));
    rest.remove_prefix(end + 2);
    if (name.find_first_of("{}") != std::string::npos) {
        throw UsageError("there is a brace in the name '" + name + "'");
    }
    if (path_edit(name) || name == "#" || name == "%") {
        throw UsageError("{" + name + "} is a placeholder already");
    }
    if (name.find_first_of("-0123456789") == 0) {
        throw UsageError("a name that begins like a number would name an item's position");
    }
    return name;
}

/// What stands before the next `delimiter` that has no backslash before it, which is taken, too. A
/// backslash before one is taken off.
std::string take_part(std::string_view& rest, char delimiter) {
    std::string part;
    while (!rest.empty() && rest.front() != delimiter) {
        if (rest.front() == '\\' && rest.size() > 1) {
            part += rest[1] == delimiter ? "" : "\\";
            rest.remove_prefix(1);
        }
        part += rest.front();
        rest.remove_prefix(1);
    }
    if (rest.empty()) {
        throw UsageError(kExpected);
    }
    rest.remove_prefix(1);
    return part;
}

/// From the replacements of sed to those of Regex.
std::string rewrite_of(std::string_view replacement) {
    std::string rewrite;
    while (!replacement.empty()) {
        char c = replacement.front();
        replacement.remove_prefix(1);
        if (c == '&') {
            rewrite += "\\0";
            continue;
        }
        if (c == '\\' && !replacement.empty()) {
            c = replacement.front();
            replacement.remove_prefix(1);
            if (c >= '0' && c <= '9') {
                rewrite += '\\';
            } else if (c == 'n') {
                c = '\n';
            } else if (c == 't') {
                c = '\t';
            }
        }
        rewrite += c == '\\' ? "\\\\" : std::string(1, c);
    }
    return rewrite;
}

}  // namespace

ItemEdit parse_definition(const std::string& text) {
    std::string_view rest = text;
    std::string name = take_name(rest);
    if (rest.size() < 2 || rest.front() != 's' || rest[1] == '\\') {
        throw UsageError(kExpected);
    }
    const char delimiter = rest[1];
    rest.remove_prefix(2);
    const std::string pattern = take_part(rest, delimiter);
    const std::string replacement = take_part(rest, delimiter);
    if (rest.find_first_not_of("gi") != std::string_view::npos) {
        throw UsageError("expected nothing but the flags g and i, not '" + std::string(rest) + "'");
    }
    const Regex regex(pattern, rest.find('i') != std::string_view::npos);
    const std::string rewrite = rewrite_of(replacement);
    regex.check_rewrite(rewrite);
    const bool every = rest.find('g') != std::string_view::npos;
    return {std::move(name), [regex, rewrite, every](std::string_view item) {
                return regex.replaced(item, rewrite, every);
            }};
}

}  // namespace aiomisc::cli
