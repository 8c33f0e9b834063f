// SPDX-License-Identifier: MIT
// The part of Pool that brings calls to workers: from the queue to the one that begins them first.

#include "pool.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace aiomisc::detail {

namespace {

using std::chrono::milliseconds;

/// Sending ahead pays while a call is shorter than this.
constexpr double kShortCallSeconds = 200e-6;

/// Calls travel together for about this much work: then the way to the worker is a small part, and
/// nobody waits long for the others.
constexpr double kSecondsTogether = 200e-6;

/// Calls that seem shorter than this may be much shorter.
constexpr double kMeasureSeconds = 1e-3;

/// A second message is sent ahead so that its worker does not wait for the parent. There is no
/// memory for the results of more, see SharedArea.
constexpr std::size_t kMessagesAhead = 2;

/// A worker that has been at one call for this long gives out what it has completed, and what it
/// has not begun is for another that is idle.
constexpr milliseconds kLookAfter{2};

bool is_available(const PoolWorker& worker) noexcept {
    return worker.reachable() && worker.cancelling == nullptr && !worker.was_killed();
}

}  // namespace

void Pool::submit(Work& work) {
    if (is_executor() && state_ == State::kNew) {
        begin_start();
    }
    throw_unless_open();
    if (!has_room()) {
        throw QueueFull(
            fmt::format("{}: {} calls wait, which is the limit", options_.name, queue_.calls()));
    }
    if (!work.timeout) {
        work.timeout = options_.call_timeout;
    }
    ++statistics_.submitted;
    work.hold();
    // If others wait, no worker is idle. To one that is busy, all that is submitted in this turn
    // goes together.
    const bool first = queue_.empty();
    enqueue(work);
    publish();
    if (first) {
        dispatch(SendAhead::kNo);
    }
    if (!queue_.empty()) {
        dispatch_soon();
    }
}

void Pool::submit_chunk(Work& work) {
    throw_unless_open();
    resubmit_chunk(work);
}

void Pool::resubmit_chunk(Work& work) {
    if (!runs()) {
        throw_unless_open();
    }
    work.timeout = options_.call_timeout;
    work.hold();
    enqueue(work);
    dispatch();
}

bool Pool::has_room() const noexcept {
    return options_.max_overflow == 0 || queue_.calls() < options_.max_overflow;
}

void Pool::enqueue(Work& work) noexcept {
    queue_.push_back(work);
    work.place_ = Work::Place::kQueued;
}

void Pool::requeue(const std::vector<Work*>& taken) noexcept {
    for (auto work = taken.rbegin(); work != taken.rend(); ++work) {
        if ((*work)->abandoned()) {
            settle(**work);
        } else if ((*work)->cancel_requested) {
            end_cancelled(**work);
        } else {
            queue_.push_front(**work);
            (*work)->place_ = Work::Place::kQueued;
        }
    }
}

/// How many calls the worker may still be sent before it is replaced.
std::uint64_t Pool::calls_before_recycling(PoolWorker& worker) const noexcept {
    const std::uint64_t used = worker.calls() + worker.link().calls_in_flight();
    return options_.recycle_after_calls - std::min(used, options_.recycle_after_calls);
}

bool Pool::can_send_ahead(PoolWorker& worker, const Work& work) const noexcept {
    // What limits a call, looks at its worker or replaces it wants it to be alone there.
    if (work.timeout || options_.capture_output || options_.recycle_above_rss_bytes > 0) {
        return false;
    }
    if (options_.recycle_after_calls > 0 && work.is_chunk()) {
        return false;
    }
    return worker.link().messages() < kMessagesAhead && worker.link().has_half() &&
           (work.is_chunk() || average_call_seconds_ < kShortCallSeconds);
}

PoolWorker* Pool::worker_for(const Work& work, SendAhead ahead) noexcept {
    PoolWorker* best = nullptr;
    for (const auto& worker : slots_) {
        if (!worker || !is_available(*worker) || !worker->link().can_take(work)) {
            continue;
        }
        if (options_.recycle_after_calls > 0 && calls_before_recycling(*worker) == 0) {
            continue;
        }
        const std::size_t load = worker->link().in_flight();
        if (load == 0) {
            return worker.get();
        }
        if (ahead == SendAhead::kYes && can_send_ahead(*worker, work) &&
            (best == nullptr || load < best->link().in_flight())) {
            best = worker.get();
        }
    }
    return best;
}

/// How many calls are worth one message to this worker: each of the others gets its part.
std::size_t Pool::calls_together(PoolWorker& worker) const noexcept {
    if (options_.recycle_above_rss_bytes > 0 || !worker.link().has_half()) {
        return 1;
    }
    // Of one alone, the time has its way there and back in it; of two, the worker tells it.
    const std::size_t least = average_call_seconds_ < kMeasureSeconds ? 2 : 1;
    const auto worth = std::max(
        least,
        static_cast<std::size_t>(
            std::min(kSecondsTogether / std::max(average_call_seconds_, 1e-7), 1e6)));
    const std::size_t part = (queue_.size() + slots_.size() - 1) / slots_.size();
    std::size_t calls = std::min({worth, part, most_together_});
    if (options_.recycle_after_calls > 0) {
        calls = std::min<std::uint64_t>(calls, calls_before_recycling(worker));
    }
    return std::max<std::size_t>(calls, 1);
}

/// What goes to the worker in one message, from the front of the queue.
std::vector<Work*> Pool::take_for(PoolWorker& worker) {
    std::vector<Work*> works;
    const std::size_t most = can_join(*queue_.front()) ? calls_together(worker) : std::size_t{1};
    works.reserve(most);
    std::size_t bytes = 0;
    while (Work* work = queue_.front()) {
        bytes += work->arguments.size();
        if (works.size() == most ||
            (!works.empty() && (!can_join(*work) || bytes > kMaxBytesTogether))) {
            break;
        }
        queue_.remove(*work);
        works.push_back(work);
    }
    return works;
}

void Pool::dispatch(SendAhead ahead) noexcept {
    if (!runs()) {
        return;
    }
    bool moved = false;
    while (Work* work = queue_.front()) {
        PoolWorker* worker = worker_for(*work, ahead);
        if (worker == nullptr) {
            break;
        }
        send(*worker, take_for(*worker));
        moved = true;
    }
    if (moved && options_.max_overflow > 0) {
        wake_waiters();
    }
    if (queue_.empty()) {
        rebalance();
    }
}

/// On the next turn of the loop: until then, more may come that is better sent together.
void Pool::dispatch_soon() noexcept {
    if (std::exchange(dispatch_armed_, true)) {
        return;
    }
    dispatch_handle_ = loop_.call_soon([this] {
        dispatch_armed_ = false;
        dispatch();
    });
}

void Pool::send(PoolWorker& worker, const std::vector<Work*>& works) noexcept {
    for (Work* work : works) {
        work->place_ = Work::Place::kSent;
        work->allowed = work->count;
        if (work->is_chunk() && options_.recycle_after_calls > 0) {
            // The rest comes back, and goes to the next worker.
            work->allowed = static_cast<std::uint32_t>(
                std::clamp<std::uint64_t>(calls_before_recycling(worker), 1, work->count));
        }
    }
    try {
        worker.send(works);
    } catch (...) {
        // Nothing of it reached the worker: the message could not be built.
        for (Work* work : works) {
            fail(*work, std::current_exception());
            settle(*work);
        }
        return;
    }
    Work& work = *works.front();
    if (worker.link().in_flight() > 1) {
        look_later();
    }
    if (work.timeout) {
        worker.timed = &work;
        worker.timeout_timer.cancel();
        worker.timeout_timer =
            loop_.call_later(*work.timeout, [this, &worker, &work, limit = *work.timeout] {
                on_call_timeout(worker, work, limit);
            });
    }
}

PoolWorker* Pool::worker_to_relieve() const noexcept {
    bool one_is_idle = false;
    PoolWorker* loaded = nullptr;
    for (const auto& worker : slots_) {
        if (!worker || !is_available(*worker)) {
            continue;
        }
        if (worker->link().in_flight() == 0) {
            one_is_idle = true;
        } else if (worker->link().in_flight() > 1) {
            loaded = worker.get();
        }
    }
    return one_is_idle ? loaded : nullptr;
}

void Pool::rebalance() noexcept {
    PoolWorker* loaded = worker_to_relieve();
    if (loaded == nullptr) {
        return;
    }
    if (loop_.now() - loaded->busy_since() < kLookAfter) {
        look_later();
        return;
    }
    take_back(*loaded);
    // Only to workers that are idle: the one they come from is not to have them back at once.
    if (!queue_.empty()) {
        dispatch(SendAhead::kNo);
    }
}

/// What the worker has not begun goes back to the front of the queue.
void Pool::take_back(PoolWorker& worker) noexcept {
    const std::vector<Work*> taken = worker.link().revoke();
    if (std::ranges::find(taken, worker.timed) != taken.end()) {
        worker.timeout_timer.cancel();
        worker.timed = nullptr;
    }
    requeue(taken);
    recycle_if_due(worker);
}

void Pool::look_later() noexcept {
    if (std::exchange(look_armed_, true)) {
        return;
    }
    look_timer_ = loop_.call_later(kLookAfter, [this] {
        look_armed_ = false;
        look_at_workers();
    });
}

/// Among calls that were sent together, or ahead, one may take long: those before it are given out,
/// and those behind it are for whichever worker is free first.
void Pool::look_at_workers() noexcept {
    bool again = false;
    for (const auto& slot : slots_) {
        // A reply may empty the slot, or put another worker into it; this one lives on for now.
        PoolWorker* worker = slot.get();
        if (worker == nullptr || worker->link().in_flight() < 2) {
            continue;
        }
        again = true;
        worker->link().harvest();
        const Work* running = worker->link().running();
        const Duration busy = loop_.now() - worker->busy_since();
        if (worker->reachable() && running != nullptr && !running->is_chunk() &&
            busy >= kLookAfter) {
            average_call_seconds_ =
                std::max(average_call_seconds_, std::chrono::duration<double>(busy).count());
            take_back(*worker);
        }
    }
    if (again) {
        look_later();
    }
    dispatch();
}

}  // namespace aiomisc::detail
