// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/poll.h>

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace aiomisc::process {

int poll_until(
    std::span<pollfd> entries, std::optional<std::chrono::steady_clock::time_point> deadline) {
    using namespace std::chrono;
    for (;;) {
        timespec timeout{};
        if (deadline) {
            const auto left =
                std::max(*deadline - steady_clock::now(), steady_clock::duration::zero());
            const auto whole = duration_cast<seconds>(left);
            timeout.tv_sec = whole.count();
            timeout.tv_nsec = nanoseconds(left - whole).count();
        }
        const int ready =
            ::ppoll(entries.data(), entries.size(), deadline ? &timeout : nullptr, nullptr);
        if (ready >= 0) {
            return ready;
        }
        if (errno != EINTR && errno != EAGAIN) {
            throw SystemError::from_errno("poll");
        }
    }
}

bool wait_ready(int fd, short events, std::chrono::steady_clock::time_point deadline) {
    pollfd entry{fd, events, 0};
    return poll_until({&entry, 1}, deadline) > 0;
}

}  // namespace aiomisc::process
