// SPDX-License-Identifier: MIT
// The half of Pool that moves work: from the queue to workers and back.

#include "pool.h"

#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/runtime/log/log.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <unistd.h>

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

/// Calls that print come back without those sent with them. After so many replies without that,
/// twice as many go together as before.
constexpr unsigned kRepliesToGrow = 16;

/// A second message is sent ahead so that its worker does not wait for the parent. There is no
/// memory for the results of more, see SharedArea.
constexpr std::size_t kMessagesAhead = 2;

/// A worker that has been at one call for this long gives out what it has completed, and what it
/// has not begun is for another that is idle.
constexpr milliseconds kLookAfter{2};

std::uint64_t calls_in(const Work& work) noexcept {
    return work.is_chunk() ? work.count : 1;
}

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

void Pool::measure(const PoolWorker& worker, const Work& work) noexcept {
    if (work.is_chunk()) {
        return;
    }
    const double seconds = std::chrono::duration<double>(worker.last_duration()).count();
    average_call_seconds_ = std::min(average_call_seconds_ * 0.9 + seconds * 0.1, 1.0);
}

void Pool::on_reply(PoolWorker& worker, Work& work, const Reply& reply) noexcept {
    measure(worker, work);
    seconds_in_calls_ += std::chrono::duration<double>(worker.last_duration()).count();
    if (worker.timed == &work) {
        worker.timeout_timer.cancel();
        worker.timed = nullptr;
    }
    if (worker.cancelling == &work) {
        worker.cancelling = nullptr;
        worker.grace_timer.cancel();
    }
    restarts_.finished();
    if (most_together_ < kMaxCallsTogether && ++replies_since_return_ >= kRepliesToGrow) {
        replies_since_return_ = 0;
        most_together_ *= 2;
    }
    deliver(work, reply);
    settle(work);
    recycle_if_due(worker);
    dispatch_soon();
}

void Pool::on_returned(PoolWorker& worker, const std::vector<Work*>& works) noexcept {
    if (options_.capture_output) {
        // A call printed something, and the next will, too.
        most_together_ = std::max<std::size_t>(most_together_ / 2, 1);
        replies_since_return_ = 0;
    }
    requeue(works);
    recycle_if_due(worker);
    dispatch_soon();
}

void Pool::deliver(Work& work, const Reply& reply) noexcept {
    if (work.abandoned()) {
        return;
    }
    switch (reply.kind) {
        case Reply::Kind::kValue:
            ++statistics_.succeeded;
            work.succeeded(reply.bytes);
            return;
        case Reply::Kind::kChunk:
            count(work, work.chunk_done(reply.done, reply.bytes, reply.elapsed));
            return;
        case Reply::Kind::kCancelled:
            ++statistics_.cancelled;
            work.was_cancelled();
            return;
        case Reply::Kind::kError:
            statistics_.failed += calls_in(work);
            statistics_.submitted += work.count;
            try {
                work.failed(ipc::to_exception_ptr(ipc::decode<ipc::EncodedException>(reply.bytes)));
            } catch (...) {
                work.failed(std::current_exception());
            }
            return;
    }
}

void Pool::fail(Work& work, const std::exception_ptr& error) noexcept {
    if (!work.abandoned()) {
        statistics_.rejected += calls_in(work);
        statistics_.submitted += work.count;
        work.failed(error);
    }
}

void Pool::count(const Work& work, const Tally& calls) noexcept {
    if (work.is_chunk()) {
        // Only now: what is left of the chunk is submitted again, as another one.
        statistics_.submitted += calls.succeeded + calls.failed + calls.died;
    }
    statistics_.succeeded += calls.succeeded;
    statistics_.failed += calls.failed;
    statistics_.died += calls.died;
}

void Pool::settle(Work& work) noexcept {
    work.place_ = Work::Place::kNowhere;
    // Its owner may keep it for the result.
    if (work.arguments.capacity() > ipc::Buffer::kInlineBytes) {
        work.arguments = ipc::Buffer(work.arguments.max_size());
    }
    work.drop();
    publish();
    if (state_ != State::kRunning) {
        wake_waiters();
    }
}

/// The counters, for get_statistics(). A few plain stores: nobody else writes them.
void Pool::publish() noexcept {
    const WorkerPoolStatistics& now = statistics_;
    const auto error = static_cast<double>(now.failed + now.died + now.timed_out + now.rejected);
    const auto show = [&](auto& shown) {
        shown.submitted = static_cast<double>(now.submitted);
        shown.success = static_cast<double>(now.succeeded);
        shown.error = error;
        shown.done = static_cast<double>(now.succeeded + now.cancelled) + error;
        shown.sum_time = seconds_in_calls_;
    };
    if (!pool_statistic_) {
        show(*executor_statistic_);
        return;
    }
    show(*pool_statistic_);
    pool_statistic_->task_added = static_cast<double>(now.submitted);
    pool_statistic_->queue_size = static_cast<double>(queue_.calls() + queue_.calls_in_chunks());
}

/// No call is begun any more, and those that are running are asked to end.
void Pool::fail_all(const std::exception_ptr& error) noexcept {
    for (const auto& worker : slots_) {
        if (worker) {
            take_back(*worker);
        }
    }
    while (Work* work = queue_.front()) {
        queue_.remove(*work);
        fail(*work, error);
        settle(*work);
    }
    for (const auto& worker : slots_) {
        if (worker) {
            for (Work* work : worker->link().outstanding()) {
                fail(*work, error);
                interrupt(*worker, *work);
            }
            worker->timeout_timer.cancel();
        }
    }
}

/// No worker begins it any more.
void Pool::end_cancelled(Work& work) noexcept {
    ++statistics_.cancelled;
    work.was_cancelled();
    settle(work);
}

void Pool::cancel(Work& work) noexcept {
    if (work.place_ == Work::Place::kNowhere) {
        return;
    }
    if (!work.cancel_requested) {
        statistics_.cancelled += calls_in(work);
        statistics_.submitted += work.count;
    }
    if (work.place_ == Work::Place::kQueued) {
        queue_.remove(work);
        if (work.cancel_requested) {
            end_cancelled(work);
        } else {
            settle(work);
        }
        wake_waiters();
        return;
    }
    for (const auto& worker : slots_) {
        if (worker && worker->link().has(work)) {
            stop_running(*worker, work);
            return;
        }
    }
}

std::size_t Pool::cancel_waiting() noexcept {
    for (const auto& worker : slots_) {
        if (worker) {
            take_back(*worker);
        }
    }
    std::size_t cancelled = 0;
    std::vector<Work*> chunks;  // of maps, which go on
    while (Work* work = queue_.front()) {
        queue_.remove(*work);
        if (work->is_chunk()) {
            chunks.push_back(work);
            continue;
        }
        ++cancelled;
        end_cancelled(*work);
    }
    requeue(chunks);
    dispatch_soon();
    wake_waiters();
    return cancelled;
}

void Pool::stop_running(PoolWorker& worker, Work& work) noexcept {
    if (is_executor()) {
        return;  // it runs to its end, for nobody
    }
    // Whatever was sent behind it must not be hit, nor wait for the grace: back to the queue with
    // it.
    take_back(worker);
    if (worker.cancelling != &work && worker.link().has(work) && interrupt(worker, work)) {
        worker.timeout_timer.cancel();
        worker.timed = nullptr;
        worker.cancelling = &work;
        if (options_.cancel_grace) {
            worker.grace_timer.cancel();
            worker.grace_timer = loop_.call_later(*options_.cancel_grace, [this, &worker] {
                kill(worker, "it went on with a call that was cancelled");
            });
        }
    }
    // Otherwise it never begins, or has ended: its answer is on the way.
    dispatch();
}

/// Asks for the end of the call that is running. Any other is left alone.
bool Pool::interrupt(PoolWorker& worker, const Work& work) noexcept {
    if (!worker.link().request_cancel(work)) {
        return false;
    }
    if (supervisor_) {
        supervisor_->send(process::Interrupt{worker.key()});
    }
    return true;
}

void Pool::on_call_timeout(PoolWorker& worker, Work& work, milliseconds limit) noexcept {
    worker.timed = nullptr;
    if (!work.abandoned()) {
        statistics_.timed_out += calls_in(work);
        statistics_.submitted += work.count;
        work.failed(std::make_exception_ptr(TaskTimeout(fmt::format(
            "call took longer than {:.3f} s", std::chrono::duration<double>(limit).count()))));
    }
    stop_running(worker, work);
}

void Pool::on_channel_end(PoolWorker& worker) noexcept {
    // What it had not begun need not wait for the supervisor's report.
    take_back(worker);
    dispatch();
}

void Pool::on_gone(PoolWorker& worker) noexcept {
    statistics_.exited += worker.pid() > 0 ? 1 : 0;
    WorkerLink::Remains remains = worker.link().remains();
    const auto details = worker.death_details(remains.phase, remains.note);
    requeue(remains.not_begun);
    auto error = worker.death(remains.phase, remains.note);
    const bool breaks = is_executor() && !worker.retired() && keeps_workers();
    const std::string death = breaks ? describe_exception(error) : std::string();
    if (breaks) {
        error = broken_by(death);
    }
    for (const WorkerLink::Lost& lost : remains.lost) {
        log::debug("aiomisc.pool", "{}: {}", options_.name, describe_exception(error));
        lose(lost, error);
    }
    const bool in_a_call = !remains.lost.empty();
    const bool expected = worker.retired();
    const bool spawn_failed = worker.spawn_failed();
    for (auto& slot : slots_) {
        if (slot.get() == &worker) {
            bury(std::move(slot));
        }
    }
    for (auto& retiring : retiring_) {
        if (retiring.get() == &worker) {
            bury(std::move(retiring));
        }
    }
    std::erase(retiring_, nullptr);
    if (breaks) {
        break_pool(death);
    } else if (in_a_call) {
        // The call is to blame, and has paid: no crash loop of the pool.
        ensure_workers();
    } else if (!expected && supervisor_ && !supervisor_->closed()) {
        worker_lost(
            WorkerDied(details).what(),
            spawn_failed ? Duration(milliseconds(100)) : Duration::zero());
    }
    if (!supervisor_ || supervisor_->closed()) {
        restart_supervisor();
    }
    publish_processes();
    dispatch();
    wake_waiters();
}

void Pool::lose(const WorkerLink::Lost& lost, const std::exception_ptr& error) noexcept {
    if (!lost.work->abandoned()) {
        count(*lost.work, lost.work->worker_died(error, lost.done, lost.results));
    }
    settle(*lost.work);
}

void Pool::kill(PoolWorker& worker, std::string reason) noexcept {
    if (worker.was_killed()) {
        return;
    }
    ++statistics_.killed;
    if (worker.violation()) {
        ++statistics_.protocol_errors;
    }
    worker.killed(std::move(reason));
    if (supervisor_) {
        supervisor_->send(process::Kill{worker.key(), SIGKILL, process::KillScope::kProcess});
    }
}

void Pool::on_output(
    const Work* writer, bool is_stderr, std::span<const std::byte> bytes) noexcept {
    if (writer == nullptr || (!writer->on_output && !writer->abandoned())) {
        // Of an initializer, or of a call whose caller does not care.
        [[maybe_unused]] const auto written =
            ::write(is_stderr ? STDERR_FILENO : STDOUT_FILENO, bytes.data(), bytes.size());
        return;
    }
    if (!writer->on_output || writer->abandoned()) {
        return;  // whoever wanted it has gone on
    }
    try {
        (*writer->on_output)(is_stderr, bytes);
    } catch (...) {
        loop_.call_exception_handler(
            {"exception in the output handler of a call", std::current_exception(), {}});
    }
}

}  // namespace aiomisc::detail
