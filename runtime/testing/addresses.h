// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <cstdint>
#include <string>

#include <sys/socket.h>

namespace aiomisc::testing {

/// Where a socket of a test is to be.
class SocketAddress {
public:
    SocketAddress(const sockaddr* address, socklen_t size, int type, std::string text);

    [[nodiscard]] const sockaddr* get() const noexcept {
        return reinterpret_cast<const sockaddr*>(&storage_);
    }

    [[nodiscard]] socklen_t size() const noexcept { return size_; }

    [[nodiscard]] int type() const noexcept { return type_; }

    /// For errors: host and port.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    sockaddr_storage storage_{};
    socklen_t size_;
    int type_;
    std::string text_;
};

/// The first address of a host. Errors: SystemError (there is none).
SocketAddress resolve(const std::string& host, std::uint16_t port, int type);

/// A non-blocking socket for the address. Errors: SystemError.
UniqueFd make_socket(const SocketAddress& address);

/// With SO_REUSEADDR. Errors: SystemError.
void bind_socket(const UniqueFd& socket, const SocketAddress& address);

/// The port a socket is bound to.
std::uint16_t port_of(const UniqueFd& socket);

}  // namespace aiomisc::testing
