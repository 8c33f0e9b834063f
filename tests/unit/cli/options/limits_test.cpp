// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/limits.h>

#include "support/catch.h"

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/options/usage_error.h>

using namespace aiomisc::cli;
using aiomisc::test::contains;
using Words = std::vector<std::string>;

TEST_CASE("a load is a number of processes or a percentage of the CPUs", "[cli][options]") {
    REQUIRE(parse_load_limit("3").processes(8) == 3.0);
    REQUIRE(parse_load_limit("1.5").processes(8) == 1.5);
    REQUIRE(parse_load_limit("50%").processes(8) == 4.0);
    REQUIRE(parse_load_limit("0").processes(8) > 0.0);
    for (const char* text : {"", "%", "x", "-1", "1x"}) {
        CAPTURE(text);
        REQUIRE_THROWS_AS(parse_load_limit(text), UsageError);
    }
}

TEST_CASE("a memory limit is of what is resident or of the address space", "[cli][options]") {
    MemoryLimit limit;
    parse_memory_limit("2M", limit);
    REQUIRE(limit.resident == 2U << 20);
    REQUIRE(limit.address_space == 0);
    parse_memory_limit("as:1k", limit);
    REQUIRE(limit.resident == 2U << 20);
    REQUIRE(limit.address_space == 1000);
    for (const char* text : {"", "0", "as:", "as:0", "rss:1", "x"}) {
        CAPTURE(text);
        REQUIRE_THROWS_AS(parse_memory_limit(text, limit), UsageError);
    }
}

TEST_CASE("a niceness is one that the system knows", "[cli][options]") {
    REQUIRE(parse_niceness("0") == 0);
    REQUIRE(parse_niceness("19") == 19);
    for (const char* text : {"", "20", "-21", "x", "1x", "+1"}) {
        CAPTURE(text);
        REQUIRE_THROWS_AS(parse_niceness(text), UsageError);
    }
}

TEST_CASE("a clean environment keeps what is named", "[cli][options]") {
    REQUIRE(parse_environment_rule("").clean);
    REQUIRE(parse_environment_rule("").kept.empty());
    REQUIRE(parse_environment_rule("A,B_2").kept == Words{"A", "B_2"});
    for (const char* text : {",", "A,,B", "A=1", ",A"}) {
        CAPTURE(text);
        REQUIRE_THROWS_AS(parse_environment_rule(text), UsageError);
    }
}

TEST_CASE("the value of an option that need not have one is attached", "[cli][options]") {
    const Options bare = parse_command_line({"--env-clean", "echo"});
    REQUIRE(bare.run.environment.clean);
    REQUIRE(bare.run.environment.kept.empty());
    REQUIRE(bare.command.words == Words{"echo"});
    const Options named = parse_command_line({"--env-clean=A,B", "echo"});
    REQUIRE(named.run.environment.kept == Words{"A", "B"});
    REQUIRE_FALSE(parse_command_line({"echo"}).run.environment.clean);
}

TEST_CASE("containment that cannot be had is refused", "[cli][options]") {
    REQUIRE_NOTHROW(check_containment("auto"));
    REQUIRE_NOTHROW(check_containment("pgrp"));
    for (const char* text : {"", "cgroup", "pidns", "x"}) {
        CAPTURE(text);
        REQUIRE_THROWS_AS(check_containment(text), UsageError);
    }
    REQUIRE_THROWS_WITH(check_containment("cgroup"), contains("not offered"));
}
