// SPDX-License-Identifier: MIT
// The part of Pool that takes what workers answer, and what dies with them.

#include "pool.h"

#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/runtime/log/log.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace aiomisc::detail {

namespace {

using std::chrono::milliseconds;

/// Calls that print come back without those sent with them. After so many replies without that,
/// twice as many go together as before.
constexpr unsigned kRepliesToGrow = 16;

}  // namespace

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
            statistics_.failed += work.calls();
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
        statistics_.rejected += work.calls();
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
