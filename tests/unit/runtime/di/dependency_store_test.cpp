// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/di/dependency_store.h>

#include "support/async_test.h"
#include "support/catch.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/task/gather.h>
#include <aiomisc/runtime/task/sleep.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

using Calls = std::vector<std::string>;
using SharedCalls = std::shared_ptr<Calls>;

/// What cannot be moved, and is known by its base class.
struct Storage {
    Storage() = default;
    Storage(const Storage&) = delete;
    Storage& operator=(const Storage&) = delete;
    virtual ~Storage() = default;
    [[nodiscard]] virtual std::string name() const = 0;
};

struct MemoryStorage final : Storage {
    [[nodiscard]] std::string name() const override { return "memory"; }
};

struct Connection {
    explicit Connection(SharedCalls given) : calls(std::move(given)) {}

    Task<> close() {
        co_await sleep(1ms);
        calls->push_back("closed");
    }

    SharedCalls calls;
};

struct Target : Injectable {
    Injected<int> number;
    Injected<std::string> text;

    void inject(Injector& injector) override {
        injector.bind("number", number);
        injector.bind("text", text);
    }
};

Task<Connection> connect(SharedCalls calls) {
    co_await sleep(1ms);
    calls->push_back("connected");
    co_return Connection(std::move(calls));
}

Task<Resource<Connection>> connection(std::shared_ptr<SharedCalls> calls) {
    co_return Resource(co_await connect(*calls), &Connection::close);
}

/// A provider that tells when it is called, and when what it gave is torn down.
auto told(SharedCalls calls, std::string name) {
    return [calls, name](auto&... /*needed*/) {
        calls->push_back(name);
        return Resource(std::string(name), [calls](const std::string& value) {
            calls->push_back("-" + value);
        });
    };
}

template <typename Value>
Task<std::string> error_of_get(DependencyStore* store, std::string name) {
    auto outcome = co_await settle(store->get(Dep<Value>{std::move(name)}));
    co_return text_of(outcome);
}

}  // namespace

ASYNC_TEST_CASE(
    "a dependency has what its own dependencies gave",
    "[DI-01][test_register_dependency][test_dependencies_for_dependencies]") {
    DependencyStore store;
    const auto base = store.add("base", [] { return 20; });
    const auto more = store.add("more", [](int value) { return value + 1; }, base);
    store.add(
        "text",
        [](int first, const int& second) { return std::to_string(first + second); },
        base,
        more);
    co_await store.enter_session();
    CHECK_AWAIT(store.get(Dep<std::string>{"text"}), *awaited == "41");
    co_await store.exit_session();
}

ASYNC_TEST_CASE(
    "providers may be coroutines that take shared pointers",
    "[DI-01][test_coroutine_function_dependency]") {
    DependencyStore store;
    const auto calls = std::make_shared<Calls>();
    const auto key = store.add("calls", [calls] { return calls; });
    static_assert(std::is_same_v<decltype(key), const Dep<Calls>>);
    store.add("shared calls", [calls] { return std::make_shared<SharedCalls>(calls); });
    store.add("connection", &connection, Dep<SharedCalls>{"shared calls"});
    co_await store.enter_session();
    CHECK(*calls == Calls{"connected"});
    CHECK_AWAIT(store.get(Dep<Connection>{"connection"}), awaited->calls == calls);
    co_await store.exit_session();
    CHECK(*calls == Calls{"connected", "closed"});
}

ASYNC_TEST_CASE(
    "every provider is called once in a session, needed or not",
    "[DI-02][test_dependency_injection_reuse]") {
    DependencyStore store;
    const auto calls = std::make_shared<Calls>();
    const auto a = store.add("a", told(calls, "a"));
    store.add("b", told(calls, "b"), a);
    store.add("c", told(calls, "c"), a);
    co_await store.enter_session();
    co_await store.enter_session();
    CHECK(*calls == Calls{"a", "b", "c"});
    const auto first = co_await store.get(a);
    const auto second = co_await store.get(a);
    CHECK(first == second);
    CHECK(calls->size() == 3);
    co_await store.exit_session();
}

ASYNC_TEST_CASE("what others need is provided before them, and torn down after them", "[DI-02]") {
    DependencyStore store;
    const auto calls = std::make_shared<Calls>();
    store.add("top", told(calls, "top"), Dep<std::string>{"middle"});
    store.add("middle", told(calls, "middle"), Dep<std::string>{"bottom"});
    store.add("bottom", told(calls, "bottom"));
    co_await store.enter_session();
    CHECK(*calls == Calls{"bottom", "middle", "top"});
    co_await store.exit_session();
    CHECK(*calls == Calls{"bottom", "middle", "top", "-top", "-middle", "-bottom"});
    CHECK_FALSE(store.in_session());
    co_await store.exit_session();
    CHECK(calls->size() == 6);
}

ASYNC_TEST_CASE("a cycle is an error that names it", "[DI-01]") {
    DependencyStore store;
    int called = 0;
    store.add("free", [&called] { return ++called; });
    store.add("a", [](int) { return 1; }, Dep<int>{"b"});
    store.add("b", [](int) { return 1; }, Dep<int>{"c"});
    store.add("c", [](int) { return 1; }, Dep<int>{"b"});
    CHECK_THROWS_WITH(store.freeze(), "dependencies need each other: b → c → b");
    CHECK_FALSE(store.is_frozen());
    const auto outcome = co_await settle(store.enter_session());
    CHECK_THAT(
        text_of(outcome), contains("InvalidStateError: dependencies need each other: b → c → b"));
    CHECK(called == 0);
    CHECK_FALSE(store.in_session());
    store.add("c", [] { return 7; });
    co_await store.enter_session();
    CHECK_AWAIT(store.get(Dep<int>{"c"}), *awaited == 7);
    co_await store.exit_session();
}

ASYNC_TEST_CASE("a provider that needs itself is a cycle", "[DI-01]") {
    DependencyStore store;
    store.add("a", [](int) { return 1; }, Dep<int>{"a"});
    CHECK_THROWS_WITH(store.freeze(), "dependencies need each other: a → a");
    co_return;
}

ASYNC_TEST_CASE(
    "registering a name again replaces its provider from the next session on", "[DI-01]") {
    DependencyStore store;
    store.add("number", [] { return 1; });
    co_await store.enter_session();
    store.add("number", [] { return std::string("two"); });
    CHECK_AWAIT(store.get(Dep<int>{"number"}), *awaited == 1);
    co_await store.exit_session();
    co_await store.enter_session();
    CHECK_AWAIT(store.get(Dep<std::string>{"number"}), *awaited == "two");
    co_await store.exit_session();
}

ASYNC_TEST_CASE("what is registered during a session is provided when it is needed", "[DI-02]") {
    DependencyStore store;
    const auto calls = std::make_shared<Calls>();
    store.add("early", told(calls, "early"));
    co_await store.enter_session();
    store.add("late", told(calls, "late"), Dep<std::string>{"lower"});
    store.add("lower", told(calls, "lower"));
    CHECK(*calls == Calls{"early"});
    CHECK_AWAIT(store.get(Dep<std::string>{"late"}), *awaited == "late");
    CHECK(*calls == Calls{"early", "lower", "late"});
    co_await store.exit_session();
    CHECK(*calls == Calls{"early", "lower", "late", "-late", "-lower", "-early"});
}

ASYNC_TEST_CASE("who asks while a provider is at work gets the same value", "[DI-02]") {
    DependencyStore store;
    co_await store.enter_session();
    int called = 0;
    store.add(
        "slow",
        [&called](EventLoop&) -> Task<int> {
            return [](int* count) -> Task<int> {
                co_await sleep(1ms);
                co_return ++*count;
            }(&called);
        },
        Dep<EventLoop>{"loop"});
    const Dep<int> key{"slow"};
    const auto [first, second] = co_await gather(store.get(key), store.get(key));
    CHECK(first == second);
    CHECK(called == 1);
    co_await store.exit_session();
}

ASYNC_TEST_CASE("after a provider failed the next who asks calls it again", "[DI-02]") {
    DependencyStore store;
    co_await store.enter_session();
    int called = 0;
    store.add("late", [&called] {
        if (++called == 1) {
            throw std::runtime_error("not yet");
        }
        return called;
    });
    CHECK_AWAIT(error_of_get<int>(&store, "late"), awaited == "std::runtime_error: not yet");
    CHECK_AWAIT(store.get(Dep<int>{"late"}), *awaited == 2);
    co_await store.exit_session();
}

ASYNC_TEST_CASE("the loop can be had as a dependency", "[DI-05][test_loop_dependency]") {
    DependencyStore store;
    EventLoop* seen = nullptr;
    store.add(
        "nobody wants it",
        [&seen](EventLoop& loop) {
            seen = &loop;
            return 0;
        },
        Dep<EventLoop>{"loop"});
    co_await store.enter_session();
    CHECK(seen == &EventLoop::current());
    CHECK_THROWS_WITH(store.add("loop", [] { return 0; }), contains("'loop' is the loop itself"));
    co_await store.exit_session();
}

ASYNC_TEST_CASE("a provider that fails undoes the session", "[DI-02]") {
    DependencyStore store;
    const auto calls = std::make_shared<Calls>();
    store.add("a", told(calls, "a"));
    store.add(
        "b",
        [](std::string&) -> int { throw std::runtime_error("b is broken"); },
        Dep<std::string>{"a"});
    store.add("c", told(calls, "c"));
    const auto outcome = co_await settle(store.enter_session());
    CHECK(text_of(outcome) == "std::runtime_error: b is broken");
    CHECK(*calls == Calls{"a", "-a"});
    CHECK_FALSE(store.in_session());
}

ASYNC_TEST_CASE("a session that is cancelled while it begins is undone", "[DI-02]") {
    DependencyStore store;
    const auto calls = std::make_shared<Calls>();
    bool waiting = false;
    store.add("a", told(calls, "a"));
    store.add("slow", [&waiting]() -> Task<int> {
        return [](bool* flag) -> Task<int> {
            *flag = true;
            co_await sleep(1h);
            co_return 1;
        }(&waiting);
    });
    auto entering = create_task(store.enter_session());
    while (!waiting) {
        co_await turns();
    }
    entering.cancel();
    CHECK_AWAIT(settle(std::move(entering)), awaited.cancelled());
    CHECK(*calls == Calls{"a", "-a"});
    CHECK_FALSE(store.in_session());
}

ASYNC_TEST_CASE("every teardown runs, whatever the others throw", "[DI-02]") {
    DependencyStore store;
    const auto calls = std::make_shared<Calls>();
    const auto a = store.add("a", told(calls, "a"));
    store.add("b", [] { return Resource(1, [](int&) { throw std::runtime_error("b stays"); }); });
    store.add("c", [] {
        return Resource(1, [](int&) -> Task<> {
            throw std::logic_error("c stays");
            co_return;
        });
    });
    co_await store.enter_session();
    StderrCapture log;
    const auto outcome = co_await settle(store.exit_session());
    CHECK(text_of(outcome) == "std::logic_error: c stays");
    CHECK(*calls == Calls{"a", "-a"});
    CHECK_THAT(log.text(), contains("teardown of the dependency 'b': std::runtime_error: b stays"));
    CHECK_THAT(log.text(), contains("teardown of the dependency 'c': std::logic_error: c stays"));
}

ASYNC_TEST_CASE("a session that cannot begin says why, whatever a teardown throws", "[DI-02]") {
    DependencyStore store;
    const auto a = store.add("a", [] { return Resource(1, [](int&) { throw CancelledError(); }); });
    store.add("b", [](int value) -> int { throw std::runtime_error(std::to_string(value)); }, a);
    StderrCapture log;
    const auto outcome = co_await settle(store.enter_session());
    CHECK(text_of(outcome) == "std::runtime_error: 1");
    CHECK_FALSE(store.in_session());
}

ASYNC_TEST_CASE("cancelling the end of a session leaves no teardown out", "[DI-02]") {
    DependencyStore store;
    const auto calls = std::make_shared<Calls>();
    bool waiting = false;
    store.add("a", told(calls, "a"));
    store.add("slow", [&waiting] {
        return Resource(1, [&waiting](int&) -> Task<> {
            return [](bool* flag) -> Task<> {
                *flag = true;
                co_await sleep(1h);
            }(&waiting);
        });
    });
    co_await store.enter_session();
    StderrCapture log;
    auto exiting = create_task(store.exit_session());
    while (!waiting) {
        co_await turns();
    }
    exiting.cancel();
    CHECK_AWAIT(settle(std::move(exiting)), awaited.cancelled());
    CHECK(*calls == Calls{"a", "-a"});
}

ASYNC_TEST_CASE("what is missing or of another type is named", "[DI-04]") {
    DependencyStore store;
    CHECK_AWAIT(
        error_of_get<int>(&store, "number"),
        awaited ==
            "aiomisc::InvalidStateError: no session of dependencies on this loop: enter_session() "
            "first");
    store.add("needs", [](int) { return 1; }, Dep<int>{"absent"});
    const auto outcome = co_await settle(store.enter_session());
    CHECK_THAT(
        text_of(outcome),
        contains("the dependency 'needs' needs the dependency 'absent', which nobody provides"));
    store.reset();
    store.add("number", [] { return 1; });
    co_await store.enter_session();
    CHECK_AWAIT_THAT(
        error_of_get<int>(&store, "other"),
        awaited,
        contains("nobody provides the dependency 'other'"));
    CHECK_AWAIT_THAT(
        error_of_get<long>(&store, "number"),
        awaited,
        contains("the dependency 'number' is a int, not a long"));
    store.add("wrong", [](double) { return 1; }, Dep<double>{"number"});
    CHECK_AWAIT_THAT(
        error_of_get<int>(&store, "wrong"),
        awaited,
        contains("the dependency 'number' is a int, not a double"));
    store.add("null", [] { return std::unique_ptr<int>(); });
    CHECK_AWAIT_THAT(
        error_of_get<int>(&store, "null"), awaited, contains("the provider of 'null' gave a null"));
    co_await store.exit_session();
}

ASYNC_TEST_CASE("a provider may give what cannot be moved, by its base class", "[DI-01]") {
    DependencyStore store;
    store.add(
        "storage", []() -> std::unique_ptr<Storage> { return std::make_unique<MemoryStorage>(); });
    bool ended = false;
    store.add("resource", [&ended] {
        return Resource<std::unique_ptr<Storage>>(
            std::make_unique<MemoryStorage>(), [&ended](Storage&) { ended = true; });
    });
    co_await store.enter_session();
    CHECK_AWAIT(store.get(Dep<Storage>{"storage"}), awaited->name() == "memory");
    CHECK_AWAIT(store.get(Dep<Storage>{"resource"}), awaited->name() == "memory");
    co_await store.exit_session();
    CHECK(ended);
}

ASYNC_TEST_CASE("an object is filled member by member", "[DI-06][test_inject_dependencies]") {
    DependencyStore store;
    store.add("number", [] { return 3; });
    store.add("text", [] { return std::string("three"); });
    Target target;
    const auto outcome = co_await settle(store.inject(target));
    CHECK_THAT(text_of(outcome), contains("no session of dependencies"));
    CHECK_FALSE(target.number);
    CHECK_THROWS_WITH(*target.number, "nothing was injected as 'number'");
    CHECK_THROWS_WITH(*Target().number, "nothing was injected");
    co_await store.enter_session();
    co_await store.inject(target);
    CHECK(*target.number == 3);
    CHECK(*target.text == "three");
    co_await store.exit_session();
    CHECK(*target.text == "three");
}

ASYNC_TEST_CASE("a frozen store takes no provider until it is reset", "[DI-06]") {
    DependencyStore store;
    store.add("number", [] { return 1; });
    store.freeze();
    CHECK(store.is_frozen());
    CHECK_THROWS_WITH(
        store.add("more", [] { return 1; }), "the store is frozen: 'more' cannot be registered");
    co_await store.enter_session();
    store.reset();
    CHECK_FALSE(store.is_frozen());
    CHECK_AWAIT(store.get(Dep<int>{"number"}), *awaited == 1);
    co_await store.exit_session();
    co_await store.enter_session();
    CHECK_AWAIT_THAT(
        error_of_get<int>(&store, "number"),
        awaited,
        contains("nobody provides the dependency 'number'"));
    co_await store.exit_session();
}

ASYNC_TEST_CASE("stores know nothing of each other", "[DI-06]") {
    DependencyStore one;
    DependencyStore other;
    one.add("number", [] { return 1; });
    other.add("number", [] { return 2; });
    co_await one.enter_session();
    CHECK_FALSE(other.in_session());
    co_await other.enter_session();
    CHECK_AWAIT(one.get(Dep<int>{"number"}), *awaited == 1);
    CHECK_AWAIT(other.get(Dep<int>{"number"}), *awaited == 2);
    co_await one.exit_session();
    co_await other.exit_session();
}

TEST_CASE("each loop has a session of its own", "[DI-06]") {
    DependencyStore store;
    const auto key =
        store.add("address", [](EventLoop& loop) { return &loop; }, Dep<EventLoop>{"loop"});
    EventLoop one;
    EventLoop other;
    one.run_until_complete(store.enter_session());
    other.run_until_complete(store.enter_session());
    CHECK(*one.run_until_complete(store.get(key)) == &one);
    CHECK(*other.run_until_complete(store.get(key)) == &other);
    one.run_until_complete(store.exit_session());
    CHECK(*other.run_until_complete(store.get(key)) == &other);
    other.run_until_complete(store.exit_session());
}

TEST_CASE("a loop that dies in a session says what was not torn down", "[DI-02]") {
    const auto calls = std::make_shared<Calls>();
    StderrCapture log;
    {
        DependencyStore store;
        store.add("forgotten", told(calls, "forgotten"));
        EventLoop loop;
        loop.run_until_complete(store.enter_session());
    }
    CHECK(*calls == Calls{"forgotten"});
    CHECK_THAT(log.text(), contains("the dependency 'forgotten' was not torn down"));
}
