// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <initializer_list>
#include <optional>

namespace aiomisc::process {

/// Signals as something to poll: blocked, and read from a descriptor. For single-threaded
/// processes.
class SignalQueue {
public:
    /// Blocks these signals, and only these.
    /// Errors: SystemError (no descriptor).
    explicit SignalQueue(std::initializer_list<int> signals);

    [[nodiscard]] int fd() const noexcept { return file_.get(); }

    /// The next of the signals asked for that has come, or nothing.
    std::optional<int> next() noexcept;

private:
    UniqueFd file_;
};

}  // namespace aiomisc::process
