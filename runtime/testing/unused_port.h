// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <cstdint>
#include <string>
#include <vector>

namespace aiomisc::testing {

/// Ports that nobody uses, and that stay ours until this object goes: a bound socket holds each.
///
///     UnusedPorts ports;
///     auto server = std::make_shared<Echo>(EchoOptions{.port = ports.next()});
///
/// Whoever binds such a port must set SO_REUSEADDR and SO_REUSEPORT, as servers do here.
///
/// Errors:    SystemError (no port is left).
/// Affinity:  one thread.
/// Idea:      aiomisc_unused_port_factory of aiomisc-pytest.
class UnusedPorts {
public:
    /// Another one with each call.
    std::uint16_t next(const std::string& host = "127.0.0.1");

    [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }

private:
    std::vector<UniqueFd> held_;
};

/// A socket bound to a port of the system's choice, not listening.
struct BoundSocket {
    std::uint16_t port = 0;
    UniqueFd socket;
};

/// `type`: SOCK_STREAM or SOCK_DGRAM.
/// Errors: SystemError.
/// Idea:   aiomisc_socket_factory of aiomisc-pytest.
BoundSocket make_bound_socket(int type, const std::string& host = "127.0.0.1");

}  // namespace aiomisc::testing
