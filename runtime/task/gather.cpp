// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/gather.h>

namespace aiomisc::detail {

Task<Reference<Completion>> wait_for_failure(CompletionSet::Members members) {
    CompletionSet set(members);
    co_await set.wait_as_owner(Until::kFirstFailure);
    const auto failure = set.first_failure();
    if (!failure) {
        co_return Reference<Completion>();
    }
    set.mark_all_seen();
    co_return members[*failure];
}

}  // namespace aiomisc::detail
