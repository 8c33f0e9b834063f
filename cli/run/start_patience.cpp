// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/start_patience.h>

#include <algorithm>
#include <cerrno>

namespace aiomisc::cli {

namespace {

constexpr std::chrono::milliseconds kLongestPause{1000};

}  // namespace

bool StartPatience::is_scarcity(int error) noexcept {
    return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE ||
           error == ENOBUFS || error == ETOOMANYREFS;
}

std::optional<std::chrono::milliseconds> StartPatience::pause_after(
    int error, bool others_run) noexcept {
    if (!is_scarcity(error) || (!others_run && ++tries_ >= kTries)) {
        return std::nullopt;
    }
    pause_ = std::min(pause_ * 2, kLongestPause);
    return pause_;
}

}  // namespace aiomisc::cli
