// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/select.h>

namespace aiomisc::detail {

Task<std::optional<std::size_t>> wait_for_winner(
    CompletionSet::Members members, SelectOptions options) {
    CompletionSet set(members);
    const bool in_time = co_await set.wait_as_owner(Until::kFirst, options.timeout);
    const auto winner = in_time ? set.first_ended() : std::nullopt;
    if (options.cancel) {
        for (std::size_t index = 0; index < set.size(); ++index) {
            if (index != winner) {
                set[index].mark_seen();
            }
        }
        set.cancel_pending(CancelReason::kRequested);
        if (options.wait) {
            co_await set.wait_as_owner(Until::kAll);
        }
    }
    co_return winner;
}

}  // namespace aiomisc::detail
