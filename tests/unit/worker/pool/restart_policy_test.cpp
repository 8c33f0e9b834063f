// SPDX-License-Identifier: MIT
#include <aiomisc/worker/pool/restart_policy.h>

#include "support/catch.h"

#include <chrono>
#include <optional>

using aiomisc::Duration;
using aiomisc::TimePoint;
using aiomisc::detail::RestartPolicy;
using aiomisc::test::contains;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{1h};

/// How long the last of `count` deaths at once is to wait.
std::optional<Duration> delay_after(RestartPolicy& policy, int count) {
    std::optional<Duration> delay;
    for (int death = 0; death < count; ++death) {
        delay = policy.died(kStart, "death");
    }
    return delay;
}

/// With the jitter of a fifth.
bool is_about(std::optional<Duration> delay, std::chrono::milliseconds expected) {
    return delay && *delay >= expected * 8 / 10 && *delay <= expected * 12 / 10;
}

}  // namespace

TEST_CASE("the first deaths are replaced at once", "[P4]") {
    RestartPolicy policy(0, 30s, 4);
    for (int death = 1; death <= 10; ++death) {
        CHECK(policy.died(kStart, "death") == Duration::zero());
    }
    CHECK(policy.died(kStart, "death") > Duration::zero());
}

TEST_CASE("a large pool may lose all its workers twice at once", "[P4][F6]") {
    RestartPolicy policy(0, 30s, 64);
    CHECK(delay_after(policy, 128) == Duration::zero());
    CHECK(policy.died(kStart, "death") > Duration::zero());
}

TEST_CASE("then each death waits twice as long, up to five seconds", "[P5]") {
    RestartPolicy policy(100, 30s, 1);
    delay_after(policy, 10);
    for (const auto expected :
         {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms, 5000ms}) {
        const auto delay = policy.died(kStart, "death");
        CAPTURE(expected.count());
        CHECK(is_about(delay, expected));
    }
}

TEST_CASE("delays differ, so that many pools do not beat in time", "[P5]") {
    bool differ = false;
    std::optional<Duration> first;
    for (int pool = 0; pool < 50; ++pool) {
        RestartPolicy policy(100, 30s, 1);
        const auto delay = delay_after(policy, 16);
        differ = differ || (first && delay != first);
        first = first ? first : delay;
    }
    CHECK(differ);
}

TEST_CASE("a death beyond the limit is the end", "[P5]") {
    RestartPolicy policy(3, 30s, 1);
    CHECK(delay_after(policy, 3).has_value());
    CHECK_FALSE(policy.died(kStart, "death").has_value());
    CHECK_FALSE(policy.died(kStart, "death").has_value());
}

TEST_CASE("without a limit given, it follows the number of workers", "[P5]") {
    RestartPolicy small(0, 30s, 1);
    CHECK(delay_after(small, 20).has_value());
    CHECK_FALSE(small.died(kStart, "death").has_value());
    RestartPolicy large(0, 30s, 10);
    CHECK(delay_after(large, 50).has_value());
    CHECK_FALSE(large.died(kStart, "death").has_value());
}

TEST_CASE("a finished call ends what there was of a crash loop", "[P5]") {
    RestartPolicy policy(15, 30s, 1);
    CHECK(delay_after(policy, 15) > Duration::zero());
    policy.finished();
    CHECK(policy.history().empty());
    CHECK(policy.died(kStart, "death") == Duration::zero());
    CHECK(delay_after(policy, 14).has_value());
    CHECK_FALSE(policy.died(kStart, "death").has_value());
}

TEST_CASE("deaths older than the window do not count", "[P5]") {
    RestartPolicy policy(3, 30s, 1);
    TimePoint now = kStart;
    for (int death = 0; death < 50; ++death) {
        CHECK(policy.died(now, "death") == Duration::zero());
        now += 11s;  // three within the window
    }
    now += 30s;
    CHECK(policy.died(now, "1").has_value());
    CHECK(policy.died(now + 30s, "2").has_value());  // the first is just not too old
    CHECK(policy.died(now + 30s, "3").has_value());
    CHECK_FALSE(policy.died(now + 30s, "4").has_value());
}

TEST_CASE("the history names the last three deaths", "[P5]") {
    RestartPolicy policy(0, 30s, 1);
    CHECK(policy.history().empty());
    policy.died(kStart, "one");
    CHECK(policy.history() == "one");
    for (const char* how : {"two", "three", "four"}) {
        policy.died(kStart, how);
    }
    CHECK(policy.history() == "two; three; four");
}
