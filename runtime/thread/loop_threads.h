// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/thread/loop_bound.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace aiomisc {

class ThreadPoolExecutor;

namespace detail {

class ThreadCrew;

/// What a loop has to do with threads: the pool that is its default, threads of their own that it
/// joins, and everything that must learn when it closes. All of that ends with the loop.
///
/// Affinity:  loop.
class LoopThreads final : public LoopExtension {
public:
    explicit LoopThreads(EventLoop& loop);
    LoopThreads(const LoopThreads&) = delete;
    LoopThreads& operator=(const LoopThreads&) = delete;

    /// Lets go of what is bound, then waits for the threads, no longer than ThreadCrew::kJoinLimit
    /// for each pool and for the others together.
    ~LoopThreads() override;

    /// The default pool, made when it is first asked for.
    ThreadPoolExecutor& pool();

    void set_pool(std::shared_ptr<ThreadPoolExecutor> pool);

    /// The size of the pool that pool() makes.
    void set_pool_size(std::optional<std::size_t> size) noexcept { pool_size_ = size; }

    /// Threads that are joined when the loop closes.
    [[nodiscard]] ThreadCrew& crew() noexcept { return *crew_; }

private:
    friend class LoopBound;
    void add(LoopBound& bound, std::shared_ptr<void> self) noexcept;
    [[nodiscard]] std::shared_ptr<void> remove(LoopBound& bound) noexcept;

    LoopBound* first_ = nullptr;
    std::optional<std::size_t> pool_size_;
    /// The last is the default; the others were it, and finish what they have.
    std::vector<std::shared_ptr<ThreadPoolExecutor>> pools_;
    std::shared_ptr<ThreadCrew> crew_;
};

}  // namespace detail

}  // namespace aiomisc
