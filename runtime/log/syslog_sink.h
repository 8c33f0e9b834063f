// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/sink.h>

#include <cstdint>
#include <memory>
#include <string>

namespace aiomisc::log::detail {

struct SyslogTarget {
    /// The socket that libc's syslog() writes to.
    std::string path = "/dev/log";
    /// Where messages go by UDP when there is no such socket.
    std::uint16_t port = 514;
    int options = 0;  ///< of openlog()
};

/// The message alone, with the priority of its level, facility user.
std::shared_ptr<Sink> make_syslog_sink(const SyslogTarget& target = {});

}  // namespace aiomisc::log::detail
