// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/policies.h>

#include "support/catch.h"

#include <aiomisc/cli/options/usage_error.h>

#include <csignal>

using namespace aiomisc::cli;
using namespace std::chrono_literals;

TEST_CASE("a time limit is a duration or a percentage", "[cli][options]") {
    REQUIRE(parse_time_limit("1.5").fixed == 1500ms);
    REQUIRE(parse_time_limit("300%").percent_of_median == 300.0);
    REQUIRE_FALSE(parse_time_limit("300%").fixed);
    for (const char* text : {"", "0", "x", "%", "0%", "-1"}) {
        CAPTURE(text);
        REQUIRE_THROWS_AS(parse_time_limit(text), UsageError);
    }
}

TEST_CASE("only the causes that were named are worth another attempt", "[cli][options]") {
    RetryPolicy policy{.attempts = 2};
    REQUIRE(policy.allows(1, Cause::kTimeout));
    REQUIRE_FALSE(policy.allows(2, Cause::kTimeout));
    REQUIRE_FALSE(policy.allows(1, Cause::kCancelled));
    policy.causes = parse_retry_causes("exit,memory");
    REQUIRE(policy.allows(1, Cause::kExit));
    REQUIRE(policy.allows(1, Cause::kLaunch));
    REQUIRE(policy.allows(1, Cause::kMemory));
    REQUIRE_FALSE(policy.allows(1, Cause::kSignal));
    for (const char* text : {"", "exit,", "cancelled", "launch", "x"}) {
        CAPTURE(text);
        REQUIRE_THROWS_AS(parse_retry_causes(text), UsageError);
    }
}

TEST_CASE("a retry delay alone is constant, with a maximum it doubles", "[cli][options][L59]") {
    RetryPolicy policy;
    parse_retry_delay("0.5", policy);
    REQUIRE(policy.pause_after(1, 0.5) == 500ms);
    REQUIRE(policy.pause_after(7, 0.5) == 500ms);
    parse_retry_delay("1:5", policy);
    REQUIRE(policy.pause_after(1, 0.5) == 1s);
    REQUIRE(policy.pause_after(2, 0.5) == 2s);
    REQUIRE(policy.pause_after(3, 0.5) == 4s);
    REQUIRE(policy.pause_after(4, 0.5) == 5s);
    REQUIRE(policy.pause_after(1000, 0.5) == 5s);
    parse_retry_delay("1:1h:3", policy);
    REQUIRE(policy.pause_after(3, 0.5) == 9s);
    for (const char* text : {"", "x", "2:1", "1:2:0.5", "1:2:3:4", "1:", "1:2:"}) {
        CAPTURE(text);
        REQUIRE_THROWS_AS(parse_retry_delay(text, policy), UsageError);
    }
}

TEST_CASE("jitter moves a pause by up to a fifth", "[cli][options]") {
    RetryPolicy policy;
    parse_retry_delay("1", policy);
    REQUIRE(policy.pause_after(1, 0.0) == 800ms);
    REQUIRE(policy.pause_after(1, 0.999999) == 1200ms);
}

TEST_CASE("attempts count all of them, and 0 is without limit", "[cli][options]") {
    REQUIRE_FALSE(RetryPolicy{}.allows(1, Cause::kExit));
    REQUIRE(RetryPolicy{.attempts = 3}.allows(2, Cause::kExit));
    REQUIRE_FALSE(RetryPolicy{.attempts = 3}.allows(3, Cause::kExit));
    REQUIRE(RetryPolicy{.attempts = 0}.allows(1'000'000, Cause::kExit));
}

TEST_CASE("a kill ladder ends with SIGKILL whatever is said", "[cli][options]") {
    REQUIRE(
        parse_kill_ladder("INT,500,SIGTERM,1000") ==
        KillLadder{{SIGINT, 500ms}, {SIGTERM, 1000ms}, {SIGKILL, 0ms}});
    REQUIRE(parse_kill_ladder("9") == KillLadder{{SIGKILL, 0ms}});
    REQUIRE(parse_kill_ladder("TERM,200,TERM,100,TERM,50,KILL,25") == default_kill_ladder());
    for (const char* text : {"", "TERM,", "200", "NOSUCH,1", "TERM,x", "TERM,-1", "0,1"}) {
        CAPTURE(text);
        REQUIRE_THROWS_AS(parse_kill_ladder(text), UsageError);
    }
}
