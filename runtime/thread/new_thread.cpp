// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/new_thread.h>

#include <aiomisc/runtime/thread/loop_threads.h>
#include <aiomisc/runtime/thread/thread_crew.h>
#include <aiomisc/runtime/thread/thread_pool.h>

#include <optional>

namespace aiomisc::detail {

namespace {

/// Runs the call, and counts it if it is to be counted.
void run_counted(ThreadCall& call, const std::string& statistic_name) noexcept {
    if (statistic_name.empty()) {
        call.run();
        call.report();
        return;
    }
    ThreadPoolStatistic statistic(statistic_name);
    ++statistic.threads;
    ++statistic.submitted;
    call.run_counted(statistic);
    call.report();
}

void start(EventLoop& loop, const NewThreadOptions& options, std::shared_ptr<ThreadCall> call) {
    auto body = [call = std::move(call), statistic_name = options.statistic_name] {
        run_counted(*call, statistic_name);
    };
    if (options.detach) {
        ThreadCrew::start_detached(options.name, std::move(body));
    } else {
        loop.extension<LoopThreads>().crew().start(options.name, std::move(body));
    }
}

}  // namespace

void start_soon(EventLoop& loop, NewThreadOptions options, std::shared_ptr<ThreadCall> call) {
    loop.call_soon([&loop, options = std::move(options), call = std::move(call)] {
        if (call->abandoned()) {
            return;
        }
        try {
            start(loop, options, call);
        } catch (...) {
            call->fail(std::current_exception());
        }
    });
}

}  // namespace aiomisc::detail
