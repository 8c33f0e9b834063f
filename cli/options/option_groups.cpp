// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/option_entry.h>

namespace aiomisc::cli {

std::vector<OptionGroup> option_groups() {
    return {
        input_option_group(),
        command_option_group(),
        running_option_group(),
        limit_option_group(),
        output_option_group(),
        reporting_option_group(),
        general_option_group()};
}

}  // namespace aiomisc::cli
