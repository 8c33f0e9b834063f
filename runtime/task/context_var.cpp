// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/context_var.h>

#include <algorithm>

namespace aiomisc::detail {

namespace {

thread_local ContextValues thread_values;
thread_local ContextValues* current_values = nullptr;

}  // namespace

std::shared_ptr<const void> ContextValues::get(const void* key) const noexcept {
    if (table_) {
        for (const auto& [candidate, value] : *table_) {
            if (candidate == key) {
                return value;
            }
        }
    }
    return nullptr;
}

void ContextValues::set(const void* key, std::shared_ptr<const void> value) {
    auto table = table_ ? std::make_shared<Table>(*table_) : std::make_shared<Table>();
    const auto found = std::find_if(
        table->begin(), table->end(), [key](const auto& entry) { return entry.first == key; });
    if (found != table->end()) {
        table->erase(found);
    }
    if (value) {
        table->emplace_back(key, std::move(value));
    }
    table_ = std::move(table);
}

ContextValues& ContextValues::current() noexcept {
    return current_values == nullptr ? thread_values : *current_values;
}

ContextValues* ContextValues::exchange_current(ContextValues* values) noexcept {
    return std::exchange(current_values, values);
}

}  // namespace aiomisc::detail
