// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <utility>
#include <vector>

namespace aiomisc::detail {

/// A second SIGINT or SIGTERM during a shutdown: ends the process at once, with code 128 + number,
/// from the signal handler, so that a blocked thread does not hold it up. Destruction restores what
/// was before.
class SecondSignal {
public:
    explicit SecondSignal(const std::vector<int>& signals) noexcept;
    SecondSignal(const SecondSignal&) = delete;
    SecondSignal& operator=(const SecondSignal&) = delete;
    ~SecondSignal();

private:
    std::vector<std::pair<int, struct sigaction>> before_;
};

}  // namespace aiomisc::detail
