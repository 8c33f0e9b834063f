// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/log/context.h>

#include <atomic>

namespace aiomisc::log::detail {

namespace {

std::array<std::atomic<ContextProvider>, 4> providers{};

}  // namespace

void add_context_provider(ContextProvider provider) noexcept {
    for (auto& place : providers) {
        ContextProvider there = nullptr;
        if (place.compare_exchange_strong(there, provider) || there == provider) {
            return;
        }
    }
}

void collect_context(ContextFields& fields) {
    for (const auto& place : providers) {
        const ContextProvider provider = place.load(std::memory_order_relaxed);
        if (provider == nullptr) {
            return;
        }
        provider(fields);
    }
}

}  // namespace aiomisc::log::detail
