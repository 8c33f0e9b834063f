// SPDX-License-Identifier: MIT
// The part of Pool that ends calls: cancelled, out of time, or with the worker that runs them.

#include "pool.h"

#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace aiomisc::detail {

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
        statistics_.cancelled += work.calls();
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

void Pool::on_call_timeout(
    PoolWorker& worker, Work& work, std::chrono::milliseconds limit) noexcept {
    worker.timed = nullptr;
    if (!work.abandoned()) {
        statistics_.timed_out += work.calls();
        statistics_.submitted += work.count;
        work.failed(std::make_exception_ptr(TaskTimeout(fmt::format(
            "call took longer than {:.3f} s", std::chrono::duration<double>(limit).count()))));
    }
    stop_running(worker, work);
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

}  // namespace aiomisc::detail
