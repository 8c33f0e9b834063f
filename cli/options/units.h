// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace aiomisc::cli {

using Milliseconds = std::chrono::milliseconds;

/// `1.5`, `90s`, `1.5m`, `2h`, `1d3.5h16.6m4s`; a bare number is seconds. None if it is not one.
std::optional<Milliseconds> parse_duration(std::string_view text);

/// `512`, `64K`, `1.5G`: K M G T are powers of 1024, k m g t of 1000. None if it is not one.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// A decimal number, nothing before or after it. None if it is not one, or is too large.
std::optional<std::uint64_t> parse_count(std::string_view text);

/// A decimal fraction without sign or exponent. None if it is not one.
std::optional<double> parse_decimal(std::string_view text);

}  // namespace aiomisc::cli
