// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/shutdown_limit.h>

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/signals_blocked.h>
#include <aiomisc/runtime/log/log.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include <unistd.h>

namespace aiomisc::detail {

namespace {

using namespace std::chrono_literals;

/// How long what was cancelled may take to end.
constexpr Duration kGrace = 1s;

/// How long the last words may take.
constexpr Duration kLogLimit = 200ms;

/// What is longer has no limit; a clock cannot count for ever.
constexpr Duration kLongest = std::chrono::hours(24 * 365);

/// The thread that hangs may hang in the log: nobody waits for that for long.
[[noreturn]] void end_process(Duration limit) {
    std::promise<void> logged;
    std::future<void> done = logged.get_future();
    std::thread([limit, logged = std::move(logged)]() mutable {
        log::critical(
            "aiomisc",
            "the shutdown did not happen in {} seconds, and ignores cancellation, or blocks its "
            "thread: ending the process with code {}",
            std::chrono::duration<double>(limit).count(),
            kShutdownTimedOut);
        log::flush();
        logged.set_value();
    }).detach();
    done.wait_for(kLogLimit);
    ::_exit(kShutdownTimedOut);
}

}  // namespace

ShutdownLimit::ShutdownLimit(EventLoop& loop, Duration limit, UniqueFunction<void()> cancel) {
    // Signals are for the threads of the program.
    const SignalsBlocked blocked;
    thread_ = std::thread([this, &loop, limit, cancel = std::move(cancel)]() mutable {
        watch(loop, limit, std::move(cancel));
    });
}

ShutdownLimit::~ShutdownLimit() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

bool ShutdownLimit::over_within(Duration time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::min(time, kLongest), [this] { return over_; });
}

void ShutdownLimit::watch(EventLoop& loop, Duration limit, UniqueFunction<void()> cancel) {
    if (over_within(limit)) {
        return;
    }
    try {
        loop.call_soon_threadsafe(std::move(cancel));
    } catch (const ClosedError&) {
        log::debug("aiomisc", "the loop is closed already: there is nothing to cancel");
    }
    if (over_within(kGrace)) {
        return;
    }
    end_process(limit);
}

}  // namespace aiomisc::detail
