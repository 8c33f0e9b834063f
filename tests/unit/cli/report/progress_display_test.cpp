// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/progress_display.h>

#include "support/catch.h"
#include "support/stderr_capture.h"

#include <aiomisc/runtime/loop/virtual_loop.h>
#include <aiomisc/runtime/task/sleep.h>

using namespace aiomisc;
using namespace aiomisc::cli;
using namespace std::chrono_literals;

namespace {

ReportOptions with(ProgressMode mode) {
    ReportOptions report;
    report.progress = mode;
    return report;
}

Task<> wait(Duration time) {
    co_await sleep(time);
}

/// A display, on a loop whose time jumps, that counts how often it shows something.
struct Bench {
    explicit Bench(ProgressMode mode)
        : display(loop, with(mode), [this] {
              ++shown;
              return ProgressState{};
          }) {}

    void pass(Duration time) { loop.run_until_complete(wait(time)); }

    test::StderrCapture capture;
    VirtualLoop loop;
    int shown = 0;
    ProgressDisplay display;
};

}  // namespace

TEST_CASE("a display shown before the jobs begin is the only one", "[cli][report]") {
    Bench bench(ProgressMode::kPlain);
    bench.display.toggle();
    REQUIRE(bench.shown == 1);
    bench.display.start();
    bench.pass(35s);
    REQUIRE(bench.shown == 4);  // one each ten seconds
    bench.display.toggle();
    bench.pass(1h);
    REQUIRE(bench.shown == 4);
}

TEST_CASE("a display taken away before the jobs begin stays away", "[cli][report]") {
    Bench bench(ProgressMode::kPlain);
    bench.display.toggle();
    bench.display.toggle();
    bench.display.start();
    bench.pass(1h);
    bench.display.stop();
    REQUIRE(bench.shown == 1);
}
