// SPDX-License-Identifier: MIT
// Dependencies of services, as an Entrypoint gives them: tests of the plugin and of Injectable.

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/app/plugins.h>
#include <aiomisc/runtime/di/dependency_store.h>
#include <aiomisc/runtime/di/injectable.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace aiomisc;
using namespace aiomisc::test;

namespace {

using Calls = std::vector<std::string>;
using SharedCalls = std::shared_ptr<Calls>;

EntrypointOptions quiet() {
    EntrypointOptions options;
    options.log_config = false;
    options.catch_signals.emplace();
    return options;
}

/// Every test has the providers it registers, and no others.
struct OwnStore {
    OwnStore() {
        load_plugins();
        reset_store();
    }

    OwnStore(const OwnStore&) = delete;
    OwnStore& operator=(const OwnStore&) = delete;

    ~OwnStore() { reset_store(); }
};

/// Writes down what it has when it starts.
struct Api : Service, Injectable {
    Injected<std::string> foo;
    Injected<int> bar;
    std::string at_start;

    Api() = default;

    explicit Api(std::string given) : foo(std::move(given)) {}

    void inject(Injector& injector) override {
        injector.bind("foo", foo);
        injector.bind("bar", bar);
    }

    Task<> start() override {
        at_start = *foo + " " + std::to_string(*bar);
        co_return;
    }
};

struct WithDefault : Service, Injectable {
    Injected<int> limit = Default(10);

    WithDefault() = default;

    explicit WithDefault(int given) : limit(given) {}

    void inject(Injector& injector) override { injector.bind("limit", limit); }

    Task<> start() override { co_return; }
};

struct Mapped : Service, Injectable {
    Injected<int> attribute;
    Injected<int> same;
    Injected<int> untouched;

    void inject(Injector& injector) override {
        injector.bind("provider", attribute);
        injector.bind("provider", same);
    }

    Task<> start() override { co_return; }
};

struct Remapped : Mapped {
    void inject(Injector& injector) override {
        Mapped::inject(injector);
        injector.bind("other provider", same);
    }
};

struct Plain : Service {
    Task<> start() override { co_return; }
};

Task<> nothing() {
    co_return;
}

auto told(SharedCalls calls, std::string name) {
    return [calls, name] {
        calls->push_back(name);
        return Resource(std::string(name), [calls](const std::string& value) -> Task<> {
            calls->push_back("-" + value);
            return nothing();
        });
    };
}

void provide_foo_and_bar() {
    dependency("foo", [] { return std::string("foo"); });
    dependency("bar", [] { return 5; });
}

template <typename... Services>
void run_with(std::shared_ptr<Services>... services) {
    Entrypoint entrypoint(quiet(), services...);
    entrypoint.run_until_complete(nothing());
}

template <typename Member>
concept Bindable = requires(Injector& injector, Member& member) { injector.bind("name", member); };

template <typename Function>
std::string error_of(Function&& function) {
    try {
        function();
    } catch (...) {
        return describe_exception(std::current_exception());
    }
    return "none";
}

}  // namespace

TEST_CASE("a service has its dependencies before it starts", "[DI-03][test_dependency_injection]") {
    const OwnStore store;
    provide_foo_and_bar();
    const auto api = std::make_shared<Api>();
    run_with(api);
    CHECK(api->at_start == "foo 5");
}

TEST_CASE("what a constructor set is not replaced", "[DI-04][test_set_dependency_in_init]") {
    const OwnStore store;
    provide_foo_and_bar();
    const auto api = std::make_shared<Api>("mine");
    run_with(api);
    CHECK(api->at_start == "mine 5");
    const auto assigned = std::make_shared<Api>();
    assigned->bar = 7;
    run_with(assigned);
    CHECK(assigned->at_start == "foo 7");
}

TEST_CASE(
    "a dependency that nobody provides fails the start and is named",
    "[DI-04][test_missed_dependency_exception]") {
    const OwnStore store;
    dependency("foo", [] { return std::string("foo"); });
    const auto api = std::make_shared<Api>();
    const std::string error = error_of([&] { run_with(api); });
    CHECK_THAT(error, starts_with("aiomisc::InvalidStateError: "));
    CHECK_THAT(error, ends_with("Api needs the dependency 'bar', which nobody provides"));
    CHECK(api->at_start.empty());
}

TEST_CASE("a default stands where nobody provides", "[DI-04][test_defaults_no_dependency]") {
    const OwnStore store;
    const auto service = std::make_shared<WithDefault>();
    CHECK(*service->limit == 10);
    run_with(service);
    CHECK(*service->limit == 10);
}

TEST_CASE("a provider counts more than a default", "[DI-04][test_defaults_without_init]") {
    const OwnStore store;
    dependency("limit", [] { return 20; });
    const auto service = std::make_shared<WithDefault>();
    run_with(service);
    CHECK(*service->limit == 20);
    reset_store();
    run_with(service);
    CHECK(*service->limit == 10);
}

TEST_CASE(
    "a constructor counts more than provider and default", "[DI-04][test_defaults_with_init]") {
    const OwnStore store;
    dependency("limit", [] { return 20; });
    const auto service = std::make_shared<WithDefault>(30);
    run_with(service);
    CHECK(*service->limit == 30);
}

TEST_CASE("services share one instance", "[DI-02][test_dependency_injection_reuse]") {
    const OwnStore store;
    provide_foo_and_bar();
    const auto one = std::make_shared<Api>();
    const auto other = std::make_shared<Api>();
    run_with(one, other);
    CHECK(one->foo.shared() == other->foo.shared());
}

TEST_CASE(
    "any member may have what any provider gives", "[DI-03][test_dependency_inject_mapping]") {
    const OwnStore store;
    dependency("provider", [] { return 1; });
    dependency("other provider", [] { return 2; });
    const auto service = std::make_shared<Mapped>();
    run_with(service);
    CHECK(*service->attribute == 1);
    CHECK(service->attribute.shared() == service->same.shared());
    CHECK_FALSE(service->untouched);
    const auto derived = std::make_shared<Remapped>();
    run_with(derived);
    CHECK(*derived->attribute == 1);
    CHECK(*derived->same == 2);
}

TEST_CASE("only what can be injected can be bound", "[DI-03][test_inject_dependencies_bad]") {
    STATIC_REQUIRE(Bindable<Injected<int>>);
    STATIC_REQUIRE_FALSE(Bindable<const Injected<int>>);
    STATIC_REQUIRE_FALSE(Bindable<int>);
    STATIC_REQUIRE_FALSE(Bindable<std::vector<std::string>>);
}

TEST_CASE(
    "the teardown of a dependency has run when the program ends",
    "[DI-02][test_graceful_dependency_shutdown]") {
    const OwnStore store;
    const auto calls = std::make_shared<Calls>();
    dependency("foo", told(calls, "foo"));
    dependency("bar", [] { return 5; });
    dependency("unused", told(calls, "unused"));
    const auto api = std::make_shared<Api>();
    run_with(api);
    CHECK(*calls == Calls{"foo", "unused", "-unused", "-foo"});
}

TEST_CASE(
    "an entrypoint without services calls its providers too", "[DI-02][test_loop_dependency]") {
    const OwnStore store;
    EventLoop* seen = nullptr;
    dependency(
        "unused",
        [&seen](EventLoop& loop) {
            seen = &loop;
            return 0;
        },
        Dep<EventLoop>{"loop"});
    Entrypoint entrypoint(quiet());
    EventLoop* const loop = &entrypoint.loop();
    entrypoint.run_until_complete(nothing());
    CHECK(seen == loop);
}

namespace {

Task<> start_and_stop_another(Entrypoint* entrypoint, SharedCalls calls) {
    const auto late = std::make_shared<Api>();
    co_await entrypoint->start_services(late);
    CHECK(late->at_start == "foo 5");
    CHECK(*calls == Calls{"foo"});
    co_await entrypoint->stop_services(late);
    CHECK(*calls == Calls{"foo"});
    dependency("registered late", told(calls, "late"));
    co_await entrypoint->start_services(std::make_shared<Plain>());
    CHECK(*calls == Calls{"foo"});
}

}  // namespace

TEST_CASE("services that come and go leave the dependencies of the others alone", "[DI-02]") {
    const OwnStore store;
    const auto calls = std::make_shared<Calls>();
    dependency("foo", told(calls, "foo"));
    dependency("bar", [] { return 5; });
    const auto api = std::make_shared<Api>();
    Entrypoint entrypoint(quiet(), api);
    entrypoint.run_until_complete(start_and_stop_another(&entrypoint, calls));
    CHECK(*calls == Calls{"foo", "-foo"});
}

TEST_CASE("a failed start tears the dependencies down", "[DI-02]") {
    const OwnStore store;
    const auto calls = std::make_shared<Calls>();
    dependency("a", told(calls, "a"));
    const auto api = std::make_shared<Api>();
    CHECK_THAT(error_of([&] { run_with(api); }), contains("'foo', which nobody provides"));
    CHECK(*calls == Calls{"a", "-a"});
}

TEST_CASE("a provider that fails, fails the start", "[DI-02]") {
    const OwnStore store;
    const auto calls = std::make_shared<Calls>();
    dependency("foo", told(calls, "foo"));
    dependency("bar", []() -> int { throw std::runtime_error("no bar"); });
    const auto api = std::make_shared<Api>();
    CHECK(error_of([&] { run_with(api); }) == "std::runtime_error: no bar");
    CHECK(api->at_start.empty());
    CHECK(*calls == Calls{"foo", "-foo"});
}

TEST_CASE("each program has its own instances", "[DI-02]") {
    const OwnStore store;
    const auto calls = std::make_shared<Calls>();
    dependency("foo", told(calls, "foo"));
    dependency("bar", [] { return 5; });
    const auto api = std::make_shared<Api>();
    run_with(api);
    const auto first = api->foo.shared();
    run_with(api);
    CHECK(api->foo.shared() != first);
    CHECK(*calls == Calls{"foo", "-foo", "foo", "-foo"});
}
