// SPDX-License-Identifier: MIT
#include "dependency_registry.h"

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace aiomisc::detail {

namespace {

/// Goes down from one provider to all it needs, remembering the way.
class CycleSearch {
public:
    explicit CycleSearch(const Providers& providers) : providers_(providers) {}

    void visit(const Provider& provider) {
        if (std::ranges::find(done_, &provider) != done_.end()) {
            return;
        }
        if (const auto seen = std::ranges::find(way_, provider.name); seen != way_.end()) {
            const std::vector<std::string> cycle(seen, way_.end());
            throw InvalidStateError(fmt::format(
                "dependencies need each other: {} → {}", fmt::join(cycle, " → "), provider.name));
        }
        way_.push_back(provider.name);
        for (const Provider::Parameter& parameter : provider.parameters) {
            if (const auto needed = providers_.find(parameter.name)) {
                visit(*needed);
            }
        }
        way_.pop_back();
        done_.push_back(&provider);
    }

private:
    const Providers& providers_;
    std::vector<std::string> way_;
    std::vector<const Provider*> done_;
};

}  // namespace

Providers::Item Providers::find(std::string_view name) const {
    const auto found =
        std::ranges::find_if(items_, [name](const Item& item) { return item->name == name; });
    return found == items_.end() ? nullptr : *found;
}

void Providers::check_acyclic() const {
    CycleSearch search(*this);
    for (const Item& item : items_) {
        search.visit(*item);
    }
}

void DependencyRegistry::add(Provider provider) {
    if (provider.name == kLoopDependency) {
        throw InvalidStateError("the dependency 'loop' is the loop itself");
    }
    auto item = std::make_shared<const Provider>(std::move(provider));
    const std::scoped_lock lock(mutex_);
    if (frozen_) {
        throw InvalidStateError(
            fmt::format("the store is frozen: '{}' cannot be registered", item->name));
    }
    const auto place = std::ranges::find_if(
        items_, [&item](const Providers::Item& other) { return other->name == item->name; });
    if (place == items_.end()) {
        items_.push_back(std::move(item));
    } else {
        *place = std::move(item);
    }
}

void DependencyRegistry::freeze() {
    providers().check_acyclic();
    const std::scoped_lock lock(mutex_);
    frozen_ = true;
}

void DependencyRegistry::reset() {
    const std::scoped_lock lock(mutex_);
    items_.clear();
    frozen_ = false;
}

bool DependencyRegistry::is_frozen() const {
    const std::scoped_lock lock(mutex_);
    return frozen_;
}

Providers DependencyRegistry::providers() const {
    const std::scoped_lock lock(mutex_);
    return Providers(items_);
}

}  // namespace aiomisc::detail
