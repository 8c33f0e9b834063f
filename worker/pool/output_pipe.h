// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/loop/fd_watcher.h>

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace aiomisc::detail {

/// Reads what a worker writes to stdout or stderr, where the pool captures it.
///
/// Affinity:  loop.
class OutputPipe {
public:
    using Handler = std::function<void(std::span<const std::byte>)>;
    using Around = std::function<void(bool begins)>;

    /// `around` is told before each read, and after it, which is before the handler has the bytes.
    OutputPipe(EventLoop& loop, UniqueFd reading_end, Handler handler, Around around = {});

    /// Hands over everything that is in the pipe now.
    void drain() noexcept;

private:
    /// Returns the bytes read; 0 when there is nothing for now, or ever.
    std::size_t read_once() noexcept;

    UniqueFd fd_;
    FdWatcher watcher_;
    Handler handler_;
    Around around_;
    std::vector<std::byte> buffer_;
    bool at_end_ = false;
};

}  // namespace aiomisc::detail
