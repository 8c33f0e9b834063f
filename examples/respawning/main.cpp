// SPDX-License-Identifier: MIT
// A service in a process of its own, which fails all the time, and is started again each time.
#include <aiomisc/aiomisc.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

using namespace aiomisc;
using namespace std::chrono_literals;

struct Printer : RespawningProcessService {
    using RespawningProcessService::RespawningProcessService;

    // In another process: it may block, crash, and be killed.
    void in_process() override {
        std::printf("printing on %s\n", paper.c_str());
        throw std::runtime_error("out of paper");
    }

    std::string paper = "A5";
};

double starts_of(std::string_view service) {
    for (const StatisticValue& value : get_statistics<ProcessServiceStatistic>()) {
        if (value.name == service && value.metric == "started") {
            return value.value;
        }
    }
    return 0;
}

Task<> amain() {
    while (starts_of("printer") < 3) {
        co_await sleep(10ms);
    }
    std::puts("that will do");
}

int main() {
    auto printer = std::make_shared<Printer>(
        RespawningProcessServiceOptions{.name = "printer", .process_poll_timeout = 500ms});
    printer->paper = "A4";
    Entrypoint entrypoint({.log_level = "warning", .log_format = "plain"}, printer);
    printer->paper =
        "A3";  // too late: the processes see what was there when the Entrypoint was made
    entrypoint.run_until_complete(amain());
}
