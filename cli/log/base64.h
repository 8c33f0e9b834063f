// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace aiomisc::cli {

/// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace aiomisc::cli
