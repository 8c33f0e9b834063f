// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/shell_arithmetic.h>

namespace aiomisc::cli {

bool opens_arithmetic(std::string_view text) noexcept {
    if (!text.starts_with("((")) {
        return false;
    }
    int depth = 2;
    for (std::size_t index = 2; index < text.size(); ++index) {
        depth += text[index] == '(' ? 1 : text[index] == ')' ? -1 : 0;
        if (depth == 1) {
            return text.substr(index).starts_with("))");
        }
    }
    return false;
}

std::size_t numeric_condition_length(std::string_view text) noexcept {
    if (!text.starts_with("[[ ") && !text.starts_with("[[\t")) {
        return 0;
    }
    text = text.substr(0, text.find("]]"));
    for (const char* operation : {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"}) {
        if (text.find(operation) != std::string_view::npos) {
            return text.size();
        }
    }
    return 0;
}

}  // namespace aiomisc::cli
