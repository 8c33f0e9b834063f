// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/task.h>

#include <string>

namespace aiomisc::detail {

void report_never_awaited(const std::source_location& where) noexcept {
    Scheduler* scheduler = Scheduler::current_or_null();
    if (scheduler == nullptr || !scheduler->debug()) {
        return;
    }
    try {
        scheduler->call_exception_handler(
            {std::string("coroutine was never awaited: ") + where.function_name() + " (" +
                 where.file_name() + ':' + std::to_string(where.line()) + ')',
             nullptr,
             {}});
    } catch (const std::bad_alloc&) {
        scheduler->call_exception_handler({});
    }
}

}  // namespace aiomisc::detail
