// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace aiomisc::cli {

/// Why an option that users of GNU parallel or readers of our plans may try is not offered, with
/// the way out where there is one. Empty for names we know nothing of.
///
/// An option with another meaning than the user expects is worse than none: these end the run with
/// one clear line.
std::string_view why_not_offered(std::string_view option) noexcept;

}  // namespace aiomisc::cli
