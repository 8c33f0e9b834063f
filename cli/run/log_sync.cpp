// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/log_sync.h>

#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/thread/default_executor.h>

#include <chrono>
#include <utility>

namespace aiomisc::cli {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): awaited by who holds it
Task<> keep_synced(LogFile& file) {
    for (;;) {
        co_await sleep(std::chrono::seconds(1));
        if (auto due = file.take_sync()) {
            co_await run_in_executor(std::move(due));
        }
    }
}

}  // namespace aiomisc::cli
