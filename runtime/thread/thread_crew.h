// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/runtime/task/scheduler.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace aiomisc::detail {

/// Threads that somebody joins, but waits for no longer than a limit: std::thread has no such join.
///
/// Affinity:  any thread.
class ThreadCrew : public std::enable_shared_from_this<ThreadCrew> {
public:
    /// How long whoever ends a crew waits for its threads.
    static constexpr std::chrono::seconds kJoinLimit{10};

    /// What the kernel keeps of a name.
    static constexpr std::size_t kLongestName = 15;

    ThreadCrew() = default;
    ThreadCrew(const ThreadCrew&) = delete;
    ThreadCrew& operator=(const ThreadCrew&) = delete;
    ~ThreadCrew();

    /// Starts a thread that runs `body`, which must not throw. `name` is cut to
    /// kLongestName characters.
    /// Errors: SystemError (no thread free).
    void start(std::string name, UniqueFunction<void()> body);

    /// How many have not ended.
    [[nodiscard]] std::size_t size() const;

    /// Waits until all but the calling thread have ended, and joins them. Those that have not ended
    /// after `limit` are left alone from then on; returns how many.
    std::size_t join(Duration limit) noexcept;

    /// Runs `callback` on the last thread to end, as the last it does; at once if there is none.
    void when_all_ended(UniqueFunction<void()> callback);

    /// A thread that nobody joins.
    /// Errors: SystemError (no thread free).
    static void start_detached(std::string name, UniqueFunction<void()> body);

private:
    struct Member {
        std::thread thread;  ///< not joinable when it was left alone
        bool ended = false;
    };

    using Members = std::list<Member>;

    using Callbacks = std::vector<UniqueFunction<void()>>;

    void ended(Members::iterator member) noexcept;
    void join_ended() noexcept;

    /// One thread less to wait for; returns what to call. Under the lock.
    [[nodiscard]] Callbacks count_down() noexcept;

    mutable std::mutex mutex_;
    std::condition_variable one_ended_;
    Members members_;          // guarded by mutex_
    std::size_t running_ = 0;  // guarded by mutex_; those that nobody waits for do not count
    Callbacks callbacks_;      // guarded by mutex_
};

}  // namespace aiomisc::detail
