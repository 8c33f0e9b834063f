// SPDX-License-Identifier: MIT
#include <aiomisc/cli/reference/command_reference.h>

#include <algorithm>
#include <sstream>

namespace aiomisc::cli {

bool has_separate_value(const DocumentedOption& option) {
    return !option.value.empty() && !option.value.starts_with('[');
}

std::vector<std::string> value_choices(const DocumentedOption& option) {
    std::vector<std::string> choices;
    std::string value = option.value;
    if (value.starts_with("[=") && value.ends_with(']')) {
        value = value.substr(2, value.size() - 3);
    }
    std::istringstream alternatives(value);
    for (std::string word; std::getline(alternatives, word, '|');) {
        const bool is_plain = std::all_of(word.begin(), word.end(), [](char letter) {
            return (letter >= 'a' && letter <= 'z') || letter == '_';
        });
        if (is_plain && !word.empty()) {
            choices.push_back(word);
        }
    }
    return choices;
}

}  // namespace aiomisc::cli
