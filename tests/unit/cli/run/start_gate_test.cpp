// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/start_gate.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/runtime/loop/virtual_loop.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <string>
#include <vector>

using namespace aiomisc;
using namespace aiomisc::cli;
using aiomisc::test::contains;
using namespace std::chrono_literals;

namespace {

/// A gate on a loop whose time jumps, before a machine that is made up.
struct Bench {
    explicit Bench(StartRules rules, unsigned cpus = 2)
        : gate(
              loop,
              rules,
              cpus,
              {.running_processes = [this] { return running; },
               .available_memory = [this] { return available; }},
              [this](const std::string& text) { told.push_back(text); }) {}

    /// When somebody got through, counted from the beginning.
    Milliseconds pass() {
        loop.run_until_complete(gate.pass());
        return std::chrono::duration_cast<Milliseconds>(loop.now() - begin);
    }

    VirtualLoop loop;
    TimePoint begin = loop.now();
    std::optional<double> running = 0;
    std::optional<std::uint64_t> available = std::uint64_t{1} << 30;
    std::vector<std::string> told;
    StartGate gate;
};

Task<> pass(StartGate& gate) {
    co_await gate.pass();
}

}  // namespace

TEST_CASE("without rules there is no gate", "[cli][run]") {
    Bench bench({});
    REQUIRE_FALSE(bench.gate.exists());
    REQUIRE(bench.pass() == 0ms);
    REQUIRE(bench.pass() == 0ms);
}

TEST_CASE("starts keep their distance, and the first has none", "[cli][run]") {
    Bench bench({.gap = 300ms});
    REQUIRE(bench.pass() == 0ms);
    REQUIRE(bench.pass() == 300ms);
    REQUIRE(bench.pass() == 600ms);
}

TEST_CASE("nothing starts while too many processes run", "[cli][run]") {
    Bench bench({.load = LoadLimit{.number = 100, .percent = true}}, 4);
    bench.running = 4;
    bench.loop.call_later(30s, [&bench] { bench.running = 3; });
    const Milliseconds passed = bench.pass();
    REQUIRE(passed >= 30s);
    REQUIRE(passed <= 30s + StartGate::kInterval);
    REQUIRE(bench.told.size() == 1);
    REQUIRE_THAT(bench.told.front(), contains("4 processes run, --load is 4"));
}

TEST_CASE("a start shows in the numbers before the next is judged", "[cli][run]") {
    Bench bench({.load = LoadLimit{.number = 1}});
    REQUIRE(bench.pass() == 0ms);
    // What was started runs now, for a while.
    bench.loop.call_later(StartGate::kSettleTime / 2, [&bench] { bench.running = 1; });
    bench.loop.call_later(5s, [&bench] { bench.running = 0; });
    REQUIRE(bench.pass() >= 5s);
    REQUIRE(bench.told.empty());  // not long enough to speak of
}

TEST_CASE("nothing starts while too little memory is available", "[cli][run]") {
    Bench bench({.memory_free = std::uint64_t{2} << 30});
    bench.loop.call_later(15s, [&bench] { bench.available = std::uint64_t{2} << 30; });
    REQUIRE(bench.pass() >= 15s);
    REQUIRE(bench.told.size() == 1);
    REQUIRE_THAT(bench.told.front(), contains("1024 MiB of memory are available"));
    REQUIRE_THAT(bench.told.front(), contains("--memfree is 2048 MiB"));
}

TEST_CASE("who gives up waiting lets the next one through", "[cli][run]") {
    Bench bench({.load = LoadLimit{.number = 1}});
    bench.running = 9;
    TaskHandle<> first = bench.loop.create_task(pass(bench.gate));
    TaskHandle<> second = bench.loop.create_task(pass(bench.gate));
    bench.loop.call_later(1s, [&] { first.cancel(); });
    bench.loop.call_later(2s, [&] { bench.running = 0; });
    bench.loop.run_until_complete(std::move(second));
    REQUIRE(first.cancelled());
    REQUIRE(bench.loop.now() - bench.begin <= 2s + StartGate::kInterval);
}

TEST_CASE("a rule that cannot be followed is refused", "[cli][run]") {
    VirtualLoop loop;
    const auto make = [&loop](StartRules rules) {
        const StartGate gate(
            loop,
            rules,
            1,
            {.running_processes = [] { return std::optional<double>(); },
             .available_memory = [] { return std::optional<std::uint64_t>(); }},
            {});
        return gate.exists();
    };
    REQUIRE(make({.gap = 1s}));
    REQUIRE_THROWS_AS(make({.load = LoadLimit{.number = 1}}), UsageError);
    REQUIRE_THROWS_AS(make({.memory_free = 1}), UsageError);
}
