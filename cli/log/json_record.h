// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/log/log_record.h>

#include <optional>
#include <string_view>

namespace aiomisc::cli {

/// Understands a line of the JSON log; none if it is damaged, or none of ours.
std::optional<LogRecord> parse_json_record(std::string_view line);

}  // namespace aiomisc::cli
