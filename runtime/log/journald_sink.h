// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/sink.h>

#include <memory>
#include <string>
#include <vector>

namespace aiomisc::log::detail {

inline constexpr const char* kJournalSocket = "/run/systemd/journal/socket";

/// The record as the journal takes it: `NAME=value` each.
std::vector<std::string> journal_fields(const Record& record);

/// Errors: SystemError (no journal runs here).
std::shared_ptr<Sink> make_journald_sink(const std::string& socket = kJournalSocket);

}  // namespace aiomisc::log::detail
