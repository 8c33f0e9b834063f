// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/di/provider.h>

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace aiomisc::detail {

/// The name under which every session has its loop.
inline constexpr std::string_view kLoopDependency = "loop";

/// Providers as they were at one moment, in the order in which they were registered.
class Providers {
public:
    using Item = std::shared_ptr<const Provider>;

    explicit Providers(std::vector<Item> items) : items_(std::move(items)) {}

    [[nodiscard]] auto begin() const noexcept { return items_.begin(); }

    [[nodiscard]] auto end() const noexcept { return items_.end(); }

    /// Null if there is none.
    [[nodiscard]] Item find(std::string_view name) const;

    /// Errors: InvalidStateError (they need each other in a cycle).
    void check_acyclic() const;

private:
    std::vector<Item> items_;
};

/// Affinity:  any thread.
class DependencyRegistry {
public:
    /// Errors: InvalidStateError (frozen; a name that is taken by us).
    void add(Provider provider);
    void freeze();
    void reset();
    [[nodiscard]] bool is_frozen() const;
    [[nodiscard]] Providers providers() const;

private:
    mutable std::mutex mutex_;
    std::vector<Providers::Item> items_;
    bool frozen_ = false;
};

}  // namespace aiomisc::detail
