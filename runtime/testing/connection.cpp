// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/testing/connection.h>

#include "addresses.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/fd_watcher.h>

#include <algorithm>
#include <cerrno>
#include <exception>

#include <sys/socket.h>

namespace aiomisc::testing {

Task<Connection> Connection::open(std::string host, std::uint16_t port) {
    const SocketAddress address = resolve(host, port, SOCK_STREAM);
    UniqueFd socket = make_socket(address);
    if (::connect(socket.get(), address.get(), address.size()) != 0) {
        if (errno != EINPROGRESS) {
            throw SystemError::from_errno("connect", address.text());
        }
        co_await writable(socket.get());
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            throw SystemError::from_code(error, "connect", address.text());
        }
    }
    co_return Connection(std::move(socket));
}

Task<std::string> Connection::read(std::size_t limit) {
    if (!rest_.empty()) {
        const std::size_t size = std::min(limit, rest_.size());
        std::string data = rest_.substr(0, size);
        rest_.erase(0, size);
        co_return data;
    }
    std::string data(limit, '\0');
    for (;;) {
        const ssize_t size = ::recv(socket_.get(), data.data(), data.size(), 0);
        if (size >= 0) {
            data.resize(static_cast<std::size_t>(size));
            co_return data;
        }
        if (errno == EAGAIN) {
            co_await readable(socket_.get());
        } else if (errno != EINTR) {
            throw SystemError::from_errno("read", "connection");
        }
    }
}

Task<std::string> Connection::readline() {
    std::string line = std::exchange(rest_, {});
    for (;;) {
        if (const auto end = line.find('\n'); end != std::string::npos) {
            rest_ = line.substr(end + 1);
            line.resize(end + 1);
            co_return line;
        }
        std::string more;
        std::exception_ptr error;
        try {
            more = co_await read();
        } catch (...) {
            error = std::current_exception();
        }
        if (error) {
            rest_ = std::move(line);
            std::rethrow_exception(error);
        }
        if (more.empty()) {
            co_return line;
        }
        line += more;
    }
}

Task<> Connection::write(std::string_view data) {
    while (!data.empty()) {
        const ssize_t size = ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
        if (size >= 0) {
            data.remove_prefix(static_cast<std::size_t>(size));
        } else if (errno == EAGAIN) {
            co_await writable(socket_.get());
        } else if (errno != EINTR) {
            throw SystemError::from_errno("write", "connection");
        }
    }
}

void Connection::finish() noexcept {
    ::shutdown(socket_.get(), SHUT_WR);
}

Listener::Listener(const std::string& host) {
    const SocketAddress address = resolve(host, 0, SOCK_STREAM);
    socket_ = make_socket(address);
    bind_socket(socket_, address);
    if (::listen(socket_.get(), SOMAXCONN) != 0) {
        throw SystemError::from_errno("listen", address.text());
    }
    port_ = port_of(socket_);
}

Task<Connection> Listener::accept() {
    for (;;) {
        UniqueFd socket(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            co_return Connection(std::move(socket));
        }
        if (errno == EAGAIN) {
            co_await readable(socket_.get());
        } else if (errno != EINTR && errno != ECONNABORTED) {
            throw SystemError::from_errno("accept");
        }
    }
}

}  // namespace aiomisc::testing
