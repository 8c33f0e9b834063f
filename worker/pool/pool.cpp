// SPDX-License-Identifier: MIT
// The part of Pool that its users meet: its place in the loop, the line before a full queue,
// figures.

#include "pool.h"

#include <aiomisc/runtime/kj/event_port.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include <sched.h>

namespace aiomisc::detail {

namespace {

/// Ends the pools of a loop before what they live on goes.
class PoolRegistry final : public LoopExtension {
public:
    explicit PoolRegistry(EventLoop& /*loop*/) {}

    PoolRegistry(const PoolRegistry&) = delete;
    PoolRegistry& operator=(const PoolRegistry&) = delete;

    ~PoolRegistry() override {
        // Without asking the loop for this registry, which it has no more.
        for (Pool* pool : std::exchange(pools, {})) {
            pool->loop_closes();
        }
    }

    std::set<Pool*> pools;
};

}  // namespace

std::size_t available_processors() noexcept {
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
        return static_cast<std::size_t>(std::max(CPU_COUNT(&set), 1));
    }
    return std::max(std::thread::hardware_concurrency(), 1U);
}

Pool::Pool(EventLoop& loop, WorkerPoolOptions options, PoolKind kind)
    : loop_(loop),
      options_(std::move(options)),
      kind_(kind),
      slots_(options_.workers > 0 ? options_.workers : available_processors()),
      generations_(slots_.size(), 0),
      restarts_(options_.restart_limit, options_.restart_window, slots_.size()) {
    loop_.extension<KjLoop>();
    loop_.extension<PoolRegistry>().pools.insert(this);
    const std::string& name =
        options_.statistic_name.empty() ? options_.name : options_.statistic_name;
    if (is_executor()) {
        executor_statistic_.emplace(name);
    } else {
        pool_statistic_.emplace(name);
    }
}

Pool::~Pool() {
    abandon();
}

void Pool::loop_closes() noexcept {
    abandoned_ = true;
    abandon();
}

void Pool::abandon() noexcept {
    if (state_ != State::kClosed) {
        const auto closed =
            std::make_exception_ptr(PoolClosed(options_.name + ": the pool is closed"));
        state_ = State::kClosed;
        fail_all(closed);
    }
    if (!std::exchange(abandoned_, true)) {
        loop_.extension<PoolRegistry>().pools.erase(this);
    }
    respawn_timer_.cancel();
    start_limit_timer_.cancel();
    look_timer_.cancel();
    dispatch_handle_.cancel();
    burial_.cancel();
    // The end of the control socket makes the supervisor kill everything below it. One that is in
    // its initializer does not look at the socket.
    if (supervisor_ && !supervisor_->closed() && !supervisor_ready_) {
        kill_supervisor();
    }
    supervisor_.reset();
    drop_workers();
    publish_processes();
    wake_waiters();
}

/// A place in the line before a full queue. Whoever leaves it lets the next one look.
class Pool::PlaceInLine {
public:
    explicit PlaceInLine(Pool& pool)
        : pool_(pool), position_(pool.line_.insert(pool.line_.end(), &turn_)) {}

    PlaceInLine(const PlaceInLine&) = delete;
    PlaceInLine& operator=(const PlaceInLine&) = delete;

    ~PlaceInLine() {
        pool_.line_.erase(position_);
        pool_.wake_first_in_line();
    }

    [[nodiscard]] bool is_first() const noexcept { return position_ == pool_.line_.begin(); }

    Event& turn() noexcept { return turn_; }

private:
    Pool& pool_;
    Event turn_;
    std::list<Event*>::iterator position_;
};

Task<> Pool::room() {
    const auto self = shared_from_this();
    // Nobody passes those who wait: a producer that comes back at once would get every place.
    if (state_ == State::kRunning && !(has_room() && line_.empty())) {
        PlaceInLine place(*this);
        while (state_ == State::kRunning && !(has_room() && place.is_first())) {
            place.turn().clear();
            co_await place.turn().wait();
        }
    }
    throw_unless_open();
}

void Pool::wake_waiters() noexcept {
    changed_.set();
    wake_first_in_line();
}

void Pool::wake_first_in_line() noexcept {
    if (!line_.empty() && (has_room() || state_ != State::kRunning)) {
        line_.front()->set();
    }
}

WorkerPoolStatistics Pool::statistics() const {
    WorkerPoolStatistics statistics = statistics_;
    statistics.queued = queue_.calls() + queue_.calls_in_chunks();
    for (const auto& worker : slots_) {
        if (worker) {
            statistics.running += worker->link().calls_in_flight();
            statistics.workers += worker->state() == PoolWorker::State::kReady ? 1 : 0;
        }
    }
    return statistics;
}

}  // namespace aiomisc::detail
