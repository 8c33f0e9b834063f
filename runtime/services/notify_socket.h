// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <string>
#include <string_view>

namespace aiomisc::detail {

/// Sends to the socket that systemd names in NOTIFY_SOCKET. Never blocks, never throws: what cannot
/// be sent is dropped, with a warning for the first of a row.
///
/// Not sd_notify(): that blocks while the receiver's queue is full, which would stop the loop, and
/// reads the environment each time, which another thread may be changing.
///
/// Affinity:  loop.
class NotifySocket {
public:
    /// `address`: a path, or '@' and an abstract name. Nothing is opened yet.
    explicit NotifySocket(std::string address) : address_(std::move(address)) {}

    /// Sends one datagram, opening the socket first if need be.
    void send(std::string_view message) noexcept;

    void close() noexcept { socket_.reset(); }

    [[nodiscard]] const std::string& address() const noexcept { return address_; }

private:
    void try_send(std::string_view message);

    std::string address_;
    UniqueFd socket_;
    bool failing_ = false;
};

}  // namespace aiomisc::detail
