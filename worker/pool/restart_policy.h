// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/scheduler.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>

namespace aiomisc::detail {

/// When to replace what died, and when to give up.
///
/// Deaths are counted as long as no call finishes. The first few are replaced at once; then each
/// waits longer, up to five seconds, with jitter, so that pools on many machines do not beat in
/// time. More deaths than the limit within the window mean that trying again is pointless.
class RestartPolicy {
public:
    /// `limit` 0 and what is replaced at once follow the number of workers: all of them may die of
    /// one cause, once or twice, without being a loop.
    RestartPolicy(std::size_t limit, std::chrono::milliseconds window, std::size_t workers);

    /// Something died, for this reason.
    /// Returns: how long to wait before replacing it; nothing when the budget is spent.
    std::optional<Duration> died(TimePoint now, std::string how);

    /// A call finished: what there was of a crash loop is over.
    void finished() noexcept {
        if (!deaths_.empty()) {
            deaths_.clear();
        }
    }

    /// The last deaths, for the error.
    [[nodiscard]] std::string history() const;

private:
    struct Death {
        TimePoint time;
        std::string how;
    };

    std::size_t limit_;
    std::size_t immediate_;
    std::chrono::milliseconds window_;
    std::deque<Death> deaths_;
};

}  // namespace aiomisc::detail
