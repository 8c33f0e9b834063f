// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/jobs_ahead.h>

#include "support/catch.h"

#include <string>
#include <vector>

using namespace aiomisc::cli;

namespace {

bool ahead(std::vector<std::string> words) {
    words.insert(words.end(), {"./job.so", "x={}"});
    return may_run_ahead(parse_command_line(words));
}

}  // namespace

TEST_CASE("short jobs go ahead where nothing looks at their start", "[cli][run]") {
    REQUIRE(ahead({}));
    REQUIRE(
        ahead({"-k", "--tag", "--retries", "3", "--joblog", "log", "--worker-tasks", "5", "--lb"}));
}

TEST_CASE("jobs start one by one where an option says when, or shows them", "[cli][run]") {
    using Words = std::vector<std::string>;
    for (const Words& words :
         {Words{"--timeout", "1"},
          Words{"--timeout", "200%"},
          Words{"--halt", "soon,fail=1"},
          Words{"--delay", "0.1"},
          Words{"--load", "2"},
          Words{"--memfree", "1G"},
          Words{"--mem-limit", "1G"},
          Words{"--worker-rss", "1G"},
          Words{"-t"},
          Words{"-v"}}) {
        INFO(words.front());
        REQUIRE_FALSE(ahead(words));
    }
}

TEST_CASE("jobs that are told their slot have it before they are handed out", "[cli][run]") {
    REQUIRE_FALSE(ahead({"--tagstring", "{%}"}));
    REQUIRE_FALSE(may_run_ahead(parse_command_line({"./job.so", "x={}", "slot={%}"})));
}
