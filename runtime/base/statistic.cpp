// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/statistic.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include <pthread.h>

namespace aiomisc {

namespace {

struct Registry {
    std::mutex mutex;
    std::vector<std::weak_ptr<detail::StatisticValues>> values;
};

// Never destroyed: statistics of static objects leave it late.
Registry& registry() {
    static auto& instance = *new Registry;
    return instance;
}

// A child forked while another thread holds the lock could never take it.
[[maybe_unused]] const int kForkHandlers = ::pthread_atfork(
    [] { registry().mutex.lock(); },
    [] { registry().mutex.unlock(); },
    [] { registry().mutex.unlock(); });

bool is_one_of(
    const detail::StatisticValues& values, std::initializer_list<std::string_view> wanted) {
    return wanted.size() == 0 || std::ranges::any_of(wanted, [&](std::string_view kind) {
               return std::ranges::find(values.kinds, kind) != values.kinds.end();
           });
}

}  // namespace

Statistic::Statistic(std::initializer_list<std::string_view> kinds, std::string name)
    : values_(std::make_shared<detail::StatisticValues>()) {
    values_->kinds = kinds;
    values_->name = std::move(name);
}

std::atomic<double>& Statistic::metric(std::string_view name) {
    // Under the lock from the first on: from then on others may be reading.
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    if (values_->entries.empty()) {
        std::erase_if(all.values, [](const auto& candidate) { return candidate.expired(); });
        all.values.push_back(values_);
    }
    return values_->entries.emplace_back(name).value;
}

std::vector<StatisticValue> get_statistics(std::initializer_list<std::string_view> kinds) {
    std::vector<StatisticValue> result;
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    for (const auto& candidate : all.values) {
        const auto values = candidate.lock();
        if (!values || !is_one_of(*values, kinds)) {
            continue;
        }
        for (const auto& entry : values->entries) {
            result.push_back(
                {.kind = values->kinds.front(),
                 .name = values->name,
                 .metric = entry.name,
                 .value = entry.value.load(std::memory_order_relaxed)});
        }
    }
    return result;
}

}  // namespace aiomisc
