// SPDX-License-Identifier: MIT
#include "notify_socket.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <exception>

#include <sys/socket.h>
#include <sys/un.h>

namespace aiomisc::detail {

namespace {

/// An address as sendto() wants it.
struct Address {
    sockaddr_un value{};
    socklen_t size = 0;
};

Address parse(const std::string& text) {
    Address address;
    // The closing zero of a path belongs to it; an abstract name ends where its size says.
    const bool is_abstract = text.starts_with('@');
    if (!is_abstract && !text.starts_with('/')) {
        throw ConfigError(
            "NOTIFY_SOCKET", "environment", "neither an absolute path nor '@' and a name");
    }
    if (text.size() + (is_abstract ? 0 : 1) > sizeof(address.value.sun_path)) {
        throw ConfigError("NOTIFY_SOCKET", "environment", "longer than a socket's name may be");
    }
    address.value.sun_family = AF_UNIX;
    std::memcpy(address.value.sun_path, text.data(), text.size());
    if (is_abstract) {
        address.value.sun_path[0] = '\0';
    }
    address.size = static_cast<socklen_t>(
        offsetof(sockaddr_un, sun_path) + text.size() + (is_abstract ? 0 : 1));
    return address;
}

}  // namespace

void NotifySocket::send(std::string_view message) noexcept {
    try {
        try_send(message);
        failing_ = false;
    } catch (const std::exception& error) {
        if (!failing_) {
            log::warning("aiomisc", "systemd is not told {}: {}", message, error.what());
        }
        failing_ = true;
    }
}

void NotifySocket::try_send(std::string_view message) {
    const Address address = parse(address_);
    if (!socket_) {
        socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!socket_) {
            throw SystemError::from_errno("open a socket for", address_);
        }
    }
    // Not connected: the receiver may be replaced while we run, as by `systemctl daemon-reexec`.
    ssize_t sent = 0;
    do {
        sent = ::sendto(
            socket_.get(),
            message.data(),
            message.size(),
            MSG_NOSIGNAL,
            reinterpret_cast<const sockaddr*>(&address.value),
            address.size);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        throw SystemError::from_errno("send to", address_);
    }
}

}  // namespace aiomisc::detail
