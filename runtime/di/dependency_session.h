// SPDX-License-Identifier: MIT
#pragma once

#include "dependency_registry.h"

#include <aiomisc/runtime/di/injectable.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/task.h>

#include <map>
#include <memory>
#include <string>
#include <typeinfo>
#include <vector>

namespace aiomisc::detail {

/// What the providers of a store gave on one loop.
///
/// Affinity:  loop.
class DependencySession {
public:
    DependencySession(std::shared_ptr<DependencyRegistry> registry, EventLoop& loop);
    DependencySession(const DependencySession&) = delete;
    DependencySession& operator=(const DependencySession&) = delete;

    /// Drops what is left, the latest first; without the teardowns, which need a running loop.
    ~DependencySession();

    /// Calls every provider; after an error nothing is left.
    Task<> enter();

    /// Tears everything down.
    Task<> exit();

    /// Null if nobody provides it.
    /// Errors: InvalidStateError (it is of another type).
    Task<std::shared_ptr<void>> find(std::string name, const std::type_info* type);

    Task<> fill(std::vector<Binding> bindings, std::string target);

    [[nodiscard]] const DependencyRegistry* registry() const noexcept { return registry_.get(); }

private:
    struct Entry {
        std::string name;
        const std::type_info* type;
        Provided provided;
    };

    [[nodiscard]] const Entry* entry(std::string_view name) const;
    Task<> build(const Providers* providers, Providers::Item provider);
    Task<std::vector<std::shared_ptr<void>>> build_parameters(
        const Providers* providers, const Provider* provider);
    Task<> build_now(const Providers* providers, Providers::Item provider);

    std::shared_ptr<DependencyRegistry> registry_;
    std::vector<Entry> entries_;  ///< in the order in which they were provided
    std::map<std::string, std::shared_ptr<Event>, std::less<>> building_;
    bool ended_ = false;
};

/// The sessions of a loop, one for each store that has one.
struct DependencySessions final : LoopExtension {
    explicit DependencySessions(EventLoop& /*loop*/) {}

    [[nodiscard]] std::shared_ptr<DependencySession> of(const DependencyRegistry* registry) const;

    std::vector<std::shared_ptr<DependencySession>> sessions;
};

}  // namespace aiomisc::detail
