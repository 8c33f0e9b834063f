// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/thread/thread_crew.h>
#include <aiomisc/runtime/thread/thread_pool.h>

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>

namespace aiomisc::detail {

/// What the threads of a pool share with it: they may outlive the pool.
///
/// Affinity:  any thread.
class ThreadPoolCore final : public ThreadCallQueue,
                             public std::enable_shared_from_this<ThreadPoolCore> {
public:
    explicit ThreadPoolCore(const ThreadPoolOptions& options);

    /// Starts the first threads.
    void start();

    void enqueue(std::shared_ptr<ThreadCall> call);

    void withdraw(ThreadCall& call) noexcept override;

    void shutdown() noexcept;

    /// Waits for the threads; logs a warning if `limit` is too short.
    void join(Duration limit) noexcept;

    [[nodiscard]] ThreadCrew& crew() noexcept { return *crew_; }

    [[nodiscard]] const ThreadPoolStatistic& statistic() const noexcept { return statistic_; }

private:
    using Calls = std::list<std::shared_ptr<ThreadCall>>;

    void start_threads(std::size_t wanted);
    void work();
    void run(ThreadCall& call) noexcept;

    const std::size_t max_workers_;
    const std::size_t max_queue_;
    ThreadPoolStatistic statistic_;
    const std::shared_ptr<ThreadCrew> crew_ = std::make_shared<ThreadCrew>();

    std::mutex mutex_;
    std::condition_variable work_;
    Calls queue_;              // guarded by mutex_
    Calls running_;            // guarded by mutex_
    std::size_t threads_ = 0;  // guarded by mutex_; started so far
    bool shutdown_ = false;    // guarded by mutex_
};

}  // namespace aiomisc::detail
