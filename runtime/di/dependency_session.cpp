// SPDX-License-Identifier: MIT
#include "dependency_session.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

namespace aiomisc::detail {

namespace {

void check_type(std::string_view name, const std::type_info& has, const std::type_info& wanted) {
    if (has != wanted) {
        throw InvalidStateError(fmt::format(
            "the dependency '{}' is a {}, not a {}",
            name,
            demangle(has.name()),
            demangle(wanted.name())));
    }
}

InvalidStateError missing(std::string_view who, std::string_view name) {
    return InvalidStateError(
        fmt::format("{} needs the dependency '{}', which nobody provides", who, name));
}

}  // namespace

DependencySession::DependencySession(std::shared_ptr<DependencyRegistry> registry, EventLoop& loop)
    : registry_(std::move(registry)) {
    entries_.push_back(
        {std::string(kLoopDependency),
         &typeid(EventLoop),
         {.value = std::shared_ptr<void>(std::shared_ptr<void>(), &loop)}});
}

DependencySession::~DependencySession() {
    while (!entries_.empty()) {
        if (entries_.back().provided.teardown) {
            log::warning("aiomisc", "the dependency '{}' was not torn down", entries_.back().name);
        }
        entries_.pop_back();
    }
}

const DependencySession::Entry* DependencySession::entry(std::string_view name) const {
    const auto found = std::ranges::find(entries_, name, &Entry::name);
    return found == entries_.end() ? nullptr : &*found;
}

Task<> DependencySession::enter() {
    const Providers providers = registry_->providers();
    providers.check_acyclic();
    std::exception_ptr error;
    try {
        for (const Providers::Item& provider : providers) {
            co_await build(&providers, provider);
        }
    } catch (...) {
        error = std::current_exception();
    }
    if (!error) {
        co_return;
    }
    try {
        co_await exit();
    } catch (...) {  // NOLINT(bugprone-empty-catch): it is logged
    }
    std::rethrow_exception(error);
}

Task<> DependencySession::exit() {
    ended_ = true;
    std::exception_ptr first;
    while (!entries_.empty()) {
        Entry last = std::move(entries_.back());
        entries_.pop_back();
        if (!last.provided.teardown) {
            continue;
        }
        try {
            co_await last.provided.teardown();
        } catch (...) {
            const std::exception_ptr error = std::current_exception();
            log::error(
                "aiomisc",
                "teardown of the dependency '{}': {}",
                last.name,
                describe_exception(error));
            first = first ? first : error;
        }
    }
    if (first) {
        std::rethrow_exception(first);
    }
}

/// Provides one that was not asked for before, once, whoever else asks meanwhile.
Task<> DependencySession::build(const Providers* providers, Providers::Item provider) {
    while (entry(provider->name) == nullptr) {
        if (const auto busy = building_.find(provider->name); busy != building_.end()) {
            const std::shared_ptr<Event> ended = busy->second;
            co_await ended->wait();
            continue;  // it may have failed: then it is our turn
        }
        const auto ended = std::make_shared<Event>();
        building_.emplace(provider->name, ended);
        std::exception_ptr error;
        try {
            co_await build_now(providers, provider);
        } catch (...) {
            error = std::current_exception();
        }
        building_.erase(provider->name);
        ended->set();
        if (error) {
            std::rethrow_exception(error);
        }
    }
}

Task<> DependencySession::build_now(const Providers* providers, Providers::Item provider) {
    auto arguments = co_await build_parameters(providers, provider.get());
    Provided provided = co_await provider->build(std::move(arguments));
    if (!provided.value) {
        throw InvalidStateError(fmt::format("the provider of '{}' gave a null", provider->name));
    }
    if (ended_) {
        if (provided.teardown) {
            co_await provided.teardown();
        }
        throw InvalidStateError("the session of dependencies has ended");
    }
    entries_.push_back({provider->name, provider->type, std::move(provided)});
}

Task<std::vector<std::shared_ptr<void>>> DependencySession::build_parameters(
    const Providers* providers, const Provider* provider) {
    std::vector<std::shared_ptr<void>> arguments;
    for (const Provider::Parameter& parameter : provider->parameters) {
        if (const auto needed = providers->find(parameter.name)) {
            co_await build(providers, needed);
        }
        const Entry* const found = entry(parameter.name);
        if (found == nullptr) {
            throw missing(fmt::format("the dependency '{}'", provider->name), parameter.name);
        }
        check_type(parameter.name, *found->type, *parameter.type);
        arguments.push_back(found->provided.value);
    }
    co_return arguments;
}

Task<std::shared_ptr<void>> DependencySession::find(std::string name, const std::type_info* type) {
    if (ended_) {
        throw InvalidStateError("the session of dependencies has ended");
    }
    if (entry(name) == nullptr) {
        const Providers providers = registry_->providers();
        if (const auto provider = providers.find(name)) {
            providers.check_acyclic();
            co_await build(&providers, provider);
        }
    }
    const Entry* const found = entry(name);
    if (found == nullptr) {
        co_return nullptr;
    }
    check_type(name, *found->type, *type);
    co_return found->provided.value;
}

Task<> DependencySession::fill(std::vector<Binding> bindings, std::string target) {
    for (const Binding& binding : bindings) {
        if (binding.is_given) {
            continue;
        }
        std::shared_ptr<void> value = co_await find(binding.name, binding.type);
        if (!value && !binding.has_default) {
            throw missing(target, binding.name);
        }
        binding.assign(std::move(value));
    }
}

std::shared_ptr<DependencySession> DependencySessions::of(
    const DependencyRegistry* registry) const {
    const auto found = std::ranges::find_if(
        sessions, [registry](const auto& session) { return session->registry() == registry; });
    return found == sessions.end() ? nullptr : *found;
}

}  // namespace aiomisc::detail
