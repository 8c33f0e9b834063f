// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/start_hooks.h>

#include <algorithm>
#include <vector>

namespace aiomisc::detail {

namespace {

std::vector<void (*)()>& start_hooks() {
    static std::vector<void (*)()> hooks;
    return hooks;
}

}  // namespace

void register_start_hook(void (*hook)()) {
    auto& hooks = start_hooks();
    if (std::ranges::find(hooks, hook) == hooks.end()) {
        hooks.push_back(hook);
    }
}

void call_start_hooks() {
    for (const auto hook : start_hooks()) {
        hook();
    }
}

}  // namespace aiomisc::detail
