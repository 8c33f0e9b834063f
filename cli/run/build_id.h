// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace aiomisc::cli {

/// The build id that the linker gave this program, in hexadecimal; "none" if it gave none.
std::string program_build_id();

}  // namespace aiomisc::cli
