// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/testing/unused_port.h>

#include "addresses.h"

#include <utility>

#include <sys/socket.h>

namespace aiomisc::testing {

std::uint16_t UnusedPorts::next(const std::string& host) {
    BoundSocket bound = make_bound_socket(SOCK_STREAM, host);
    held_.push_back(std::move(bound.socket));
    return bound.port;
}

BoundSocket make_bound_socket(int type, const std::string& host) {
    const SocketAddress address = resolve(host, 0, type);
    UniqueFd socket = make_socket(address);
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    bind_socket(socket, address);
    const std::uint16_t port = port_of(socket);
    return {.port = port, .socket = std::move(socket)};
}

}  // namespace aiomisc::testing
