// SPDX-License-Identifier: MIT
#pragma once

#include "support/temp_dir.h"

#include <aiomisc/runtime/base/unique_fd.h>

#include <string>
#include <vector>

namespace aiomisc::test {

/// An environment variable, as it is while this lives.
class Variable {
public:
    Variable(const char* name, const std::string& value);
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable();

private:
    const char* name_;
};

/// systemd's side of NOTIFY_SOCKET.
class NotifyReceiver {
public:
    /// Binds `address`, a path or '@' and a name; empty: a path of its own.
    explicit NotifyReceiver(std::string address = {});

    /// What NOTIFY_SOCKET is to be.
    [[nodiscard]] const std::string& address() const noexcept { return address_; }

    /// Every message that has come so far.
    const std::vector<std::string>& messages();

    /// How many of them are this one.
    std::size_t count(const std::string& message);

    /// All but the signs of life, in order.
    std::vector<std::string> without_pings();

    /// Nobody receives any more; the path is gone.
    void close();

    /// Sends to itself until its queue is full.
    void fill_queue() const;

private:
    void bind();

    TempDir dir_;
    std::string address_;
    UniqueFd socket_;
    std::vector<std::string> messages_;
};

}  // namespace aiomisc::test
