// SPDX-License-Identifier: MIT
#include <aiomisc/cli/job/job_planner.h>

#include "support/catch.h"

#include <aiomisc/cli/job/job_environment.h>
#include <aiomisc/runtime/base/error.h>

#include <map>

#include <unistd.h>

using namespace aiomisc::cli;

namespace {

JobPlanner planner(const std::vector<std::string>& words) {
    const Options options = parse_command_line(words);
    return {options, choose_target(options.command), nullptr, InputShape(), 4};
}

}  // namespace

TEST_CASE("a plan has the command, its text, and the tag", "[cli][job][L37]") {
    const JobSpec job = planner({"--tagstring", "T{#}-{/}", "printf", "%s-{%}", "{}"})
                            .plan({.seq = 4, .items = {"a/x y"}}, 2, 3);
    REQUIRE(job.seq == 4);
    REQUIRE(job.slot == 2);
    REQUIRE(job.attempt == 3);
    REQUIRE(job.items == std::vector<std::string>{"a/x y"});
    REQUIRE(job.tag == "T4-x y");
    REQUIRE(job.text == "printf %s-2 'a/x y'");
    REQUIRE(
        std::get<Command>(job.work).argv == std::vector<std::string>{"printf", "%s-2", "a/x y"});
}

TEST_CASE("the tag of --tag is the items", "[cli][job][L37]") {
    const JobSpec job = planner({"--tag", "echo"}).plan({.seq = 1, .items = {"A", "x"}}, 1, 1);
    REQUIRE(job.tag == "A x");
}

TEST_CASE("a job knows its place from the environment", "[cli][job]") {
    const JobSpec job{.seq = 5, .slot = 2, .attempt = 3};
    std::map<std::string, std::string> environment;
    for (const auto& [name, value] : job_environment(job, "run")) {
        environment[name] = value;
    }
    REQUIRE(environment["AIOMISC_SEQ"] == "5");
    REQUIRE(environment["AIOMISC_SLOT"] == "2");
    REQUIRE(environment["AIOMISC_ATTEMPT"] == "3");
    REQUIRE(environment["AIOMISC_RUN_ID"] == "run");
    REQUIRE(environment["AIOMISC_RUN_PID"] == std::to_string(::getpid()));
    REQUIRE(environment["PARALLEL_SEQ"] == "5");
    REQUIRE(environment["PARALLEL_JOBSLOT"] == "2");
    REQUIRE(make_run_id() != make_run_id());
}
