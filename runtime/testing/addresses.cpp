// SPDX-License-Identifier: MIT
#include "addresses.h"

#include <aiomisc/runtime/base/error.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>

namespace aiomisc::testing {

SocketAddress::SocketAddress(const sockaddr* address, socklen_t size, int type, std::string text)
    : size_(size), type_(type), text_(std::move(text)) {
    std::memcpy(&storage_, address, size);
}

SocketAddress resolve(const std::string& host, std::uint16_t port, int type) {
    const std::string service = std::to_string(port);
    std::string text = host;
    text.append(":").append(service);
    addrinfo hints{};
    hints.ai_socktype = type;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int status = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &found);
    if (status != 0) {
        const int code = status == EAI_SYSTEM ? errno : EADDRNOTAVAIL;
        throw SystemError::from_code(code, "resolve", text + " (" + ::gai_strerror(status) + ")");
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, &::freeaddrinfo);
    return {found->ai_addr, found->ai_addrlen, type, std::move(text)};
}

UniqueFd make_socket(const SocketAddress& address) {
    const int type = address.type() | SOCK_NONBLOCK | SOCK_CLOEXEC;
    UniqueFd socket(::socket(address.get()->sa_family, type, 0));
    if (!socket) {
        throw SystemError::from_errno("make socket", address.text());
    }
    return socket;
}

void bind_socket(const UniqueFd& socket, const SocketAddress& address) {
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket.get(), address.get(), address.size()) != 0) {
        throw SystemError::from_errno("bind", address.text());
    }
}

std::uint16_t port_of(const UniqueFd& socket) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size);
    // Both kinds have the port in the same place.
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

}  // namespace aiomisc::testing
