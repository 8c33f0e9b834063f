// SPDX-License-Identifier: MIT

// What tasks add to the records that are logged in them.

#include "log_harness.h"
#include "support/async_test.h"

#include <aiomisc/runtime/task/current_task.h>
#include <aiomisc/runtime/task/sleep.h>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using test::KeepConfig;
using test::StderrCapture;

Task<> log_and_sleep(std::string name) {
    current_task().set_name(name);
    log::info("app", "before {}", name);
    co_await sleep(1ms);
    log::info("app", "after {}", name);
}

}  // namespace

VIRTUAL_TEST_CASE("records say which task logged them", "[LG-11]") {
    const KeepConfig keep;
    const StderrCapture captured;
    log::basic_config(
        {.level = log::Level::kInfo, .log_format = log::Format::kRich, .date_format = "-"});
    auto first = create_task(log_and_sleep("first"));
    auto second = create_task(log_and_sleep("second"));
    co_await first;
    co_await second;
    std::vector<std::string> shown;
    for (const std::string& line : test::lines_of(captured.text())) {
        shown.push_back(line.substr(0, line.find(" pid=")));
    }
    const std::vector<std::string> expected{
        "- INFO     before first task_name=first",
        "- INFO     before second task_name=second",
        "- INFO     after first task_name=first",
        "- INFO     after second task_name=second"};
    CHECK(shown == expected);
}

TEST_CASE("outside of tasks records say nothing of them") {
    const KeepConfig keep;
    const StderrCapture captured;
    log::basic_config({.level = log::Level::kInfo, .log_format = log::Format::kRich});
    log::info("app", "hello");
    CHECK(captured.text().find("task_name") == std::string::npos);
}
