// SPDX-License-Identifier: MIT
#include <aiomisc/cli/reference/completion_script.h>

#include <algorithm>

namespace aiomisc::cli {
namespace {

void replace_all(std::string& text, std::string_view mark, std::string_view replacement) {
    for (std::size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + replacement.size())) {
        text.replace(at, mark.size(), replacement);
    }
}

}  // namespace

std::string completion_script(
    std::string pattern, const CommandReference& reference, std::string_view options) {
    std::string function = '_' + reference.name;
    std::replace(function.begin(), function.end(), '-', '_');
    replace_all(pattern, "@OPTIONS@", options);
    replace_all(pattern, "@FUNCTION@", function);
    replace_all(pattern, "@NAME@", reference.name);
    return pattern;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

}  // namespace aiomisc::cli
