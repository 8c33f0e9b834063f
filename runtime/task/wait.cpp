// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/wait.h>

namespace aiomisc::detail {

namespace {

Until until(ReturnWhen when) noexcept {
    switch (when) {
        case ReturnWhen::kFirstCompleted:
            return Until::kFirst;
        case ReturnWhen::kFirstException:
            return Until::kFirstError;
        case ReturnWhen::kAllCompleted:
            break;
    }
    return Until::kAll;
}

}  // namespace

Task<WaitResult> wait_for_members(CompletionSet::Members members, WaitOptions options) {
    CompletionSet set(members);
    co_await set.wait(until(options.when), options.timeout);
    WaitResult result;
    for (std::size_t index = 0; index < set.size(); ++index) {
        (set[index].done() ? result.done : result.pending).push_back(index);
    }
    co_return result;
}

}  // namespace aiomisc::detail
