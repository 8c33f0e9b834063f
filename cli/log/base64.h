// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// RFC 4648, with padding.
std::string base64(std::string_view bytes);

/// The bytes; none if that is not what base64() makes of some.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace aiomisc::cli
