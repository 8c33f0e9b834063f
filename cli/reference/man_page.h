// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/reference/command_reference.h>

#include <string>

namespace aiomisc::cli {

/// The manual page, in section 1, for man(7).
std::string man_page(const CommandReference& reference);

}  // namespace aiomisc::cli
