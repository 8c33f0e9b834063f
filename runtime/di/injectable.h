// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/di/injected.h>

#include <functional>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace aiomisc {

namespace detail {

/// A member that waits for a value.
struct Binding {
    std::string name;
    const std::type_info* type;
    const void* member;
    bool is_given;     ///< no provider is asked
    bool has_default;  ///< a provider need not be there
    /// Takes the provided value, or null if there is none.
    std::function<void(std::shared_ptr<void>)> assign;
};

struct InjectedAccess {
    template <typename Value>
    static Binding bind(std::string name, Injected<Value>& member) {
        member.name_ = name;
        return {
            .name = std::move(name),
            .type = &typeid(Value),
            .member = &member,
            .is_given = static_cast<bool>(member.given_),
            .has_default = static_cast<bool>(member.default_),
            .assign =
                [&member](std::shared_ptr<void> value) {
                    member.provided_ = std::static_pointer_cast<Value>(std::move(value));
                },
        };
    }
};

}  // namespace detail

/// Collects what an object wants.
class Injector {
public:
    /// `member` is to be what is provided as `name`. One name may fill several members. Of a member
    /// that is bound twice the last binding counts, so that a derived class can change what its
    /// base asked for.
    template <typename Value>
    void bind(std::string name, Injected<Value>& member) {
        add(detail::InjectedAccess::bind(std::move(name), member));
    }

    [[nodiscard]] const std::vector<detail::Binding>& bindings() const noexcept {
        return bindings_;
    }

private:
    void add(detail::Binding binding);

    std::vector<detail::Binding> bindings_;
};

/// Something with dependencies. A service that is one has them before its start():
///
///     struct Api : aiomisc::Service, aiomisc::Injectable {
///         aiomisc::Injected<Engine> engine;
///
///         void inject(aiomisc::Injector& injector) override { injector.bind("pg_engine", engine);
///         }
///
///         aiomisc::Task<> start() override { … engine->query(…) … }
///     };
///
/// A member gets, in this order: what it was constructed with or assigned; what is provided; its
/// Default. If there is none of them, the start fails with InvalidStateError, which names it.
///
/// Affinity:  loop.
/// Idea:      aiomisc_dependency's __dependencies__ and __dependencies_map__.
class Injectable {
public:
    virtual ~Injectable() = default;

    /// Lists the members, by Injector::bind(). They must stay where they are.
    virtual void inject(Injector& injector) = 0;
};

}  // namespace aiomisc
