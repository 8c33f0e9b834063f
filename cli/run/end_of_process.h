// SPDX-License-Identifier: MIT
#pragma once

namespace aiomisc::cli {

/// Ends this process as the signal would have, so that shells and make(1) stop as well.
[[noreturn]] void die_of(int signal);

}  // namespace aiomisc::cli
