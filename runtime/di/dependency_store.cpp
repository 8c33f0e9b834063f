// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/di/dependency_store.h>

#include "dependency_registry.h"
#include "dependency_session.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/event_loop.h>

#include <exception>
#include <typeinfo>

namespace aiomisc {

namespace {

using detail::DependencyRegistry;
using detail::DependencySession;
using detail::DependencySessions;

/// Errors: InvalidStateError (there is none).
std::shared_ptr<DependencySession> current_session(const DependencyRegistry* registry) {
    auto session = EventLoop::current().extension<DependencySessions>().of(registry);
    if (!session) {
        throw InvalidStateError("no session of dependencies on this loop: enter_session() first");
    }
    return session;
}

void forget(DependencySessions& sessions, const std::shared_ptr<DependencySession>& session) {
    std::erase(sessions.sessions, session);
}

Task<> enter(std::shared_ptr<DependencyRegistry> registry) {
    EventLoop& loop = EventLoop::current();
    auto& sessions = loop.extension<DependencySessions>();
    if (sessions.of(registry.get())) {
        co_return;
    }
    const auto session = std::make_shared<DependencySession>(std::move(registry), loop);
    sessions.sessions.push_back(session);
    std::exception_ptr error;
    try {
        co_await session->enter();
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        forget(sessions, session);
        std::rethrow_exception(error);
    }
}

Task<> exit(std::shared_ptr<DependencyRegistry> registry) {
    auto& sessions = EventLoop::current().extension<DependencySessions>();
    const auto session = sessions.of(registry.get());
    if (session) {
        forget(sessions, session);
        co_await session->exit();
    }
}

Task<> fill(
    std::shared_ptr<DependencyRegistry> registry,
    std::vector<detail::Binding> bindings,
    std::string target) {
    const auto session = current_session(registry.get());
    co_await session->fill(std::move(bindings), std::move(target));
}

Task<std::shared_ptr<void>> find(
    std::shared_ptr<DependencyRegistry> registry, std::string name, const std::type_info* type) {
    const auto session = current_session(registry.get());
    auto value = co_await session->find(name, type);
    if (!value) {
        throw InvalidStateError("nobody provides the dependency '" + name + "'");
    }
    co_return value;
}

}  // namespace

DependencyStore::DependencyStore() : registry_(std::make_shared<DependencyRegistry>()) {}

DependencyStore::~DependencyStore() = default;

DependencyStore& DependencyStore::global() {
    static DependencyStore store;
    return store;
}

void DependencyStore::add_provider(detail::Provider provider) {
    registry_->add(std::move(provider));
}

void DependencyStore::freeze() {
    registry_->freeze();
}

bool DependencyStore::is_frozen() const {
    return registry_->is_frozen();
}

void DependencyStore::reset() {
    registry_->reset();
}

Task<> DependencyStore::enter_session() {
    return enter(registry_);
}

Task<> DependencyStore::exit_session() {
    return exit(registry_);
}

bool DependencyStore::in_session() const {
    return EventLoop::current().extension<DependencySessions>().of(registry_.get()) != nullptr;
}

Task<> DependencyStore::inject(Injectable& target) {
    Injector injector;
    target.inject(injector);
    return fill(registry_, injector.bindings(), demangle(typeid(target).name()));
}

Task<std::shared_ptr<void>> DependencyStore::get_untyped(
    std::string name, const std::type_info* type) {
    return find(registry_, std::move(name), type);
}

void reset_store() {
    DependencyStore::global().reset();
}

}  // namespace aiomisc
