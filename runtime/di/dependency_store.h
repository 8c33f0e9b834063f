// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/di/injectable.h>
#include <aiomisc/runtime/di/injected.h>
#include <aiomisc/runtime/di/provider.h>
#include <aiomisc/runtime/task/task.h>

#include <memory>
#include <string>
#include <typeinfo>
#include <utility>

namespace aiomisc {

namespace detail {
class DependencyRegistry;
}  // namespace detail

/// Providers by name, and what they provided to the loops of the program.
///
/// A *session* belongs to a loop: each provider is called once in it, and what it gave is shared.
/// Entrypoints have their sessions with global(): it begins before the first services start, with a
/// call of every provider, wanted or not, and ends when the last services have stopped, also where
/// the start failed. Services that are started later use the same values.
///
/// Affinity:  add(), freeze() and reset() from any thread; the rest: loop.
/// Idea:      aiomisc_dependency.
/// Example:   examples/dependency_injection
class DependencyStore {
public:
    DependencyStore();
    DependencyStore(const DependencyStore&) = delete;
    DependencyStore& operator=(const DependencyStore&) = delete;
    ~DependencyStore();

    /// The store of dependency() and of entrypoints.
    static DependencyStore& global();

    /// Registers a provider; see dependency().
    template <typename Function, typename... Parameters>
        requires(
            detail::TakesReferences<Function, Parameters...> ||
            detail::TakesPointers<Function, Parameters...>)
    Dep<detail::ProviderValue<Function, Parameters...>> add(
        std::string name, Function provider, Dep<Parameters>... parameters) {
        Dep<detail::ProviderValue<Function, Parameters...>> key{name};
        add_provider(
            detail::make_provider(std::move(name), std::move(provider), std::move(parameters)...));
        return key;
    }

    /// No provider can be registered until reset().
    /// Errors: InvalidStateError (providers need each other in a cycle, which it names).
    void freeze();

    [[nodiscard]] bool is_frozen() const;

    /// Forgets all providers. Sessions go on with what they have.
    void reset();

    /// Begins the session of the running loop and calls every provider, in the order in which they
    /// were registered, those that others need before them. Nothing happens if it has begun.
    ///
    /// Cancel:    cancels the provider that runs; what was provided is torn down.
    /// Errors:    what a provider throws, after what was provided is torn down; InvalidStateError
    /// (a
    ///            cycle; a provider needs what nobody provides, or what is of another type).
    Task<> enter_session();

    /// Ends it: tears down in the reverse order. Nothing happens if there is none.
    ///
    /// Cancel:    cancels the teardown that runs; the others run nevertheless.
    /// Errors:    the first of a teardown; all are logged, and all teardowns run.
    Task<> exit_session();

    /// Whether the running loop is in one.
    [[nodiscard]] bool in_session() const;

    /// Fills the members of `target`, which must outlive the task; calls providers that were
    /// registered since the session began, if they are needed.
    ///
    /// Cancel:    cancels the provider that runs.
    /// Errors:    what a provider throws; InvalidStateError (not in a session; nobody provides it,
    ///            or it is of another type).
    Task<> inject(Injectable& target);

    /// What is provided under a name.
    ///
    /// Cancel:    as inject(). Errors: as inject().
    template <typename Value>
    Task<std::shared_ptr<Value>> get(Dep<Value> key) {
        return get_typed<Value>(get_untyped(std::move(key.name), &typeid(Value)));
    }

private:
    template <typename Value>
    static Task<std::shared_ptr<Value>> get_typed(Task<std::shared_ptr<void>> value) {
        co_return std::static_pointer_cast<Value>(co_await std::move(value));
    }

    void add_provider(detail::Provider provider);
    Task<std::shared_ptr<void>> get_untyped(std::string name, const std::type_info* type);

    std::shared_ptr<detail::DependencyRegistry> registry_;
};

/// Registers what provides `name` to the services of the program.
///
///     const auto config = dependency("config", [] { return Config::read(); });
///     const auto engine = dependency(
///         "pg_engine",
///         [](std::shared_ptr<Config> config) -> Task<Resource<Engine>> {
///             co_return Resource(co_await Engine::connect(config->dsn), &Engine::close);
///         },
///         config);
///
/// `provider` returns the value, a Resource (a value with a teardown), or a Task of either; behind
/// a std::unique_ptr or std::shared_ptr, where it cannot be moved or is known by its base class.
/// The keys behind it name what it takes: by reference, or as std::shared_ptr if it is a coroutine.
/// A `Dep<EventLoop>{"loop"}` is there always.
///
/// Registering a name again replaces its provider, for sessions that begin later. Returns the key,
/// for providers that need this one.
///
/// Errors:    InvalidStateError (the store is frozen; the name is "loop").
/// Affinity:  any thread.
/// Idea:      aiomisc_dependency.dependency.
template <typename Function, typename... Parameters>
    requires(
        detail::TakesReferences<Function, Parameters...> ||
        detail::TakesPointers<Function, Parameters...>)
Dep<detail::ProviderValue<Function, Parameters...>> dependency(
    std::string name, Function provider, Dep<Parameters>... parameters) {
    return DependencyStore::global().add(
        std::move(name), std::move(provider), std::move(parameters)...);
}

/// Forgets all providers of the global store: for tests.
void reset_store();

}  // namespace aiomisc
