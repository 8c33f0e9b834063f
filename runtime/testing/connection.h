// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/task/task.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace aiomisc::testing {

/// A TCP connection of a test.
///
/// Affinity:  loop.
class Connection {
public:
    explicit Connection(UniqueFd socket) noexcept : socket_(std::move(socket)) {}

    /// Connects to a host, by name or address.
    ///
    /// Cancel:    ends at once.
    /// Errors:    SystemError (no such host, refused).
    static Task<Connection> open(std::string host, std::uint16_t port);

    /// What has arrived, `limit` bytes at most; waits for the first. Empty: the peer closed.
    ///
    /// Cancel:    ends at once; nothing was read.
    /// Errors:    SystemError (the connection was reset).
    [[nodiscard]] Task<std::string> read(std::size_t limit = std::size_t{64} << 10);

    /// Up to and with the next newline; what comes before the end of the stream where there is
    /// none.
    ///
    /// Cancel:    ends at once; what was read so far is kept for the next call.
    /// Errors:    SystemError (the connection was reset).
    [[nodiscard]] Task<std::string> readline();

    /// Waits until the kernel has taken all of it. `data` must live until then.
    ///
    /// Cancel:    ends at once; a part may have been written.
    /// Errors:    SystemError (the peer is gone).
    Task<> write(std::string_view data);

    /// Nothing more will be written: the peer sees the end after what is under way.
    void finish() noexcept;

    void close() noexcept { socket_.reset(); }

    [[nodiscard]] int fd() const noexcept { return socket_.get(); }

private:
    UniqueFd socket_;
    std::string rest_;  // read, and not given out by readline()
};

/// A listening socket of a test, on a port of the system's choice.
///
/// Affinity:  loop.
class Listener {
public:
    /// Errors: SystemError (no such host; cannot listen).
    explicit Listener(const std::string& host = "127.0.0.1");

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// Cancel:    ends at once; no connection was taken.
    [[nodiscard]] Task<Connection> accept();

private:
    UniqueFd socket_;
    std::uint16_t port_ = 0;
};

}  // namespace aiomisc::testing
