// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/halt.h>

#include "support/catch.h"

#include <aiomisc/cli/options/usage_error.h>

#include <csignal>
#include <vector>

using namespace aiomisc::cli;
using When = HaltRule::When;
using Why = HaltRule::Why;

namespace {

JobResult exited(int status) {
    return {.cause = Cause::kExit, .exit_status = status};
}

struct Outcome {
    std::size_t results = 0;  ///< taken until the rule was met, or all
    std::optional<int> exit_status;
};

Outcome run(const char* rule, const std::vector<int>& statuses) {
    HaltPolicy policy(parse_halt_rule(rule));
    Outcome outcome;
    for (const int status : statuses) {
        ++outcome.results;
        if (policy.on_result(exited(status), {.jobs = statuses.size()}) != When::kNever) {
            break;
        }
    }
    outcome.exit_status = policy.exit_status();
    return outcome;
}

}  // namespace

TEST_CASE("halt rules are read in the new and the old spelling", "[cli][options]") {
    REQUIRE(parse_halt_rule("never") == HaltRule{});
    REQUIRE(parse_halt_rule("0") == HaltRule{});
    REQUIRE(
        parse_halt_rule("soon,fail=30%") ==
        HaltRule{.when = When::kSoon, .why = Why::kFail, .threshold = 30, .percent = true});
    REQUIRE(
        parse_halt_rule("now,done=7") ==
        HaltRule{.when = When::kNow, .why = Why::kDone, .threshold = 7});
    REQUIRE(parse_halt_rule("1") == parse_halt_rule("soon,fail=1"));
    REQUIRE(parse_halt_rule("2") == parse_halt_rule("now,fail=1"));
    REQUIRE(parse_halt_rule("-1") == parse_halt_rule("soon,success=1"));
    REQUIRE(parse_halt_rule("-2") == parse_halt_rule("now,success=1"));
    for (const char* text :
         {"",
          "now",
          "now,",
          "now,fail",
          "now,fail=",
          "now,fail=0",
          "later,fail=1",
          "now,fail=101%",
          "now,fail=-1",
          "now,fail=x",
          "3"}) {
        CAPTURE(text);
        REQUIRE_THROWS_AS(parse_halt_rule(text), UsageError);
    }
}

TEST_CASE("a failure count stops at the failure and takes its status", "[cli][options][L50][L51]") {
    const Outcome outcome = run("soon,fail=1", {0, 7, 0});
    REQUIRE(outcome.results == 2);
    REQUIRE(outcome.exit_status == 7);
    REQUIRE_FALSE(run("soon,fail=1", {0, 0}).exit_status);
}

TEST_CASE("a higher failure count gives the number of failures", "[cli][options]") {
    const Outcome outcome = run("now,fail=2", {7, 0, 5, 0});
    REQUIRE(outcome.results == 3);
    REQUIRE(outcome.exit_status == 2);
    REQUIRE_FALSE(run("now,fail=3", {7, 0, 5}).exit_status);
}

TEST_CASE("a success count stops with success", "[cli][options][L51]") {
    const Outcome outcome = run("now,success=1", {1, 2, 0, 4});
    REQUIRE(outcome.results == 3);
    REQUIRE(outcome.exit_status == 0);
}

TEST_CASE("a percentage is of all jobs, and the status", "[cli][options][L51]") {
    const Outcome outcome = run("soon,fail=30%", {0, 1, 1, 1, 1, 1, 0, 0, 0, 0});
    REQUIRE(outcome.results == 4);
    REQUIRE(outcome.exit_status == 30);
    REQUIRE(run("soon,fail=10%", {1, 0, 0, 0}).results == 1);
    REQUIRE(run("soon,fail=50%", {1, 0, 0}).exit_status == 34);  // never met, told all the same
    REQUIRE(run("soon,done=50%", {1, 0, 0, 1}).exit_status == 25);
    REQUIRE(run("soon,success=50%", {1, 0, 0, 1}).exit_status == 0);
    REQUIRE(run("soon,success=100%", {1, 0, 0, 1}).exit_status == 50);
    REQUIRE_FALSE(run("soon,fail=50%", {0, 0}).exit_status);
}

TEST_CASE("a count of all results gives the number of failures", "[cli][options]") {
    const Outcome outcome = run("now,done=3", {1, 0, 1, 1});
    REQUIRE(outcome.results == 3);
    REQUIRE(outcome.exit_status == 2);
    REQUIRE(run("now,done=1", {5, 0}).exit_status == 5);
    REQUIRE(run("now,done=1", {0, 5}).exit_status == 0);
}

TEST_CASE("a job killed by a signal stops with 128 and the signal", "[cli][options][L52]") {
    HaltPolicy policy(parse_halt_rule("now,fail=1"));
    policy.on_result({.cause = Cause::kSignal, .exit_status = -1, .signal = SIGKILL}, {1});
    REQUIRE(policy.exit_status() == 137);
}

TEST_CASE(
    "a rule that was met stays met, with the status of the one that met it", "[cli][options]") {
    HaltPolicy policy(parse_halt_rule("now,fail=1"));
    REQUIRE(policy.on_result(exited(3), {9}) == When::kNow);
    REQUIRE(policy.on_result(exited(4), {9}) == When::kNow);
    REQUIRE(policy.exit_status() == 3);
}

TEST_CASE("while more may come a percentage needs three results", "[cli][options]") {
    HaltPolicy policy(parse_halt_rule("now,fail=50%"));
    REQUIRE(policy.on_result(exited(1), {.jobs = 1, .all = false}) == When::kNever);
    REQUIRE(policy.on_result(exited(0), {.jobs = 2, .all = false}) == When::kNever);
    REQUIRE(policy.on_result(exited(1), {.jobs = 3, .all = false}) == When::kNow);
    REQUIRE(policy.exit_status() == 67);
}
