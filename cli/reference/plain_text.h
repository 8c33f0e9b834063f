// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/reference/command_reference.h>

#include <cstddef>
#include <string>

namespace aiomisc::cli {

/// The long help, in lines of at most `width` columns where no single word is longer; a width
/// outside of 40 to 100 is taken for the nearest of these.
std::string plain_text(const CommandReference& reference, std::size_t width);

}  // namespace aiomisc::cli
