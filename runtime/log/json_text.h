// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/record.h>

#include <string_view>

#include <fmt/format.h>

namespace aiomisc::log::detail {

/// Appends a JSON string for any bytes: UTF-8 stays as it is, what is none becomes U+FFFD, one for
/// each maximal part of a sequence, as Unicode recommends.
void append_json_string(fmt::memory_buffer& out, std::string_view text);

/// Infinity and NaN, which JSON does not know, become strings.
void append_json_value(fmt::memory_buffer& out, const Value& value);

/// The value as a person reads it.
void append_text_value(fmt::memory_buffer& out, const Value& value);

}  // namespace aiomisc::log::detail
