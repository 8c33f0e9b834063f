// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace aiomisc::process {

/// `exited with status 3`, or `killed by SIGSEGV`: what wait(2) said.
std::string describe_wait_status(int wait_status);

}  // namespace aiomisc::process
