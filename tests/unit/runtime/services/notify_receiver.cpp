// SPDX-License-Identifier: MIT
#include "notify_receiver.h"

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace aiomisc::test {

namespace {

struct Address {
    sockaddr_un value{};
    socklen_t size = 0;

    explicit Address(const std::string& text) {
        value.sun_family = AF_UNIX;
        std::memcpy(value.sun_path, text.data(), text.size());
        if (text.starts_with('@')) {
            value.sun_path[0] = '\0';
        }
        size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
    }

    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&value); }
};

UniqueFd datagram_socket() {
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) {
        throw SystemError::from_errno("socket");
    }
    return socket;
}

}  // namespace

// NOLINTBEGIN(concurrency-mt-unsafe): these tests have one thread
Variable::Variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
}

Variable::~Variable() {
    ::unsetenv(name_);
}

// NOLINTEND(concurrency-mt-unsafe)

NotifyReceiver::NotifyReceiver(std::string address)
    : address_(address.empty() ? (dir_ / "notify").string() : std::move(address)) {
    bind();
}

void NotifyReceiver::bind() {
    socket_ = datagram_socket();
    const Address address(address_);
    if (::bind(socket_.get(), address.get(), address.size) != 0) {
        throw SystemError::from_errno("bind", address_);
    }
}

const std::vector<std::string>& NotifyReceiver::messages() {
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (size < 0) {
            return messages_;
        }
        messages_.emplace_back(buffer.data(), static_cast<std::size_t>(size));
    }
}

std::size_t NotifyReceiver::count(const std::string& message) {
    return static_cast<std::size_t>(std::ranges::count(messages(), message));
}

std::vector<std::string> NotifyReceiver::without_pings() {
    std::vector<std::string> result;
    std::ranges::copy_if(messages(), std::back_inserter(result), [](const std::string& message) {
        return message != "WATCHDOG=1";
    });
    return result;
}

void NotifyReceiver::close() {
    socket_.reset();
    ::unlink(address_.c_str());
}

void NotifyReceiver::fill_queue() const {
    const UniqueFd sender = datagram_socket();
    const Address address(address_);
    while (::sendto(sender.get(), "x", 1, 0, address.get(), address.size) == 1) {
    }
    if (errno != EAGAIN) {
        throw SystemError::from_errno("fill the queue of", address_);
    }
}

}  // namespace aiomisc::test
