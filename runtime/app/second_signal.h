// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <utility>
#include <vector>

namespace aiomisc::detail {

/// A second SIGINT or SIGTERM: ends the process at once, from the signal handler, so that a blocked
/// thread does not hold it up; by default with code 128 + number, after a line on stderr. The first
/// one is passed on to the handler that was there before. Destruction puts that one back.
///
/// One at a time in a process; others do nothing.
class SecondSignal {
public:
    /// Ends the process, and calls only what a signal handler may.
    using End = void (*)(int signal);

    explicit SecondSignal(const std::vector<int>& signals, End end = &say_and_exit) noexcept;
    SecondSignal(const SecondSignal&) = delete;
    SecondSignal& operator=(const SecondSignal&) = delete;
    ~SecondSignal();

private:
    static void say_and_exit(int signal);
};

}  // namespace aiomisc::detail
