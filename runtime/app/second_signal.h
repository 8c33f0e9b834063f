// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <utility>
#include <vector>

namespace aiomisc::detail {

/// A second SIGINT or SIGTERM: ends the process at once, with code 128 + number, from the signal
/// handler, so that a blocked thread does not hold it up. The first one is passed on to the handler
/// that was there before. Destruction puts that one back.
///
/// One at a time in a process; others do nothing.
class SecondSignal {
public:
    explicit SecondSignal(const std::vector<int>& signals) noexcept;
    SecondSignal(const SecondSignal&) = delete;
    SecondSignal& operator=(const SecondSignal&) = delete;
    ~SecondSignal();
};

}  // namespace aiomisc::detail
