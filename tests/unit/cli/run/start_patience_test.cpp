// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/start_patience.h>

#include "support/catch.h"

#include <cerrno>

using namespace aiomisc::cli;
using namespace std::chrono_literals;

TEST_CASE("a start that fails for good is not tried again", "[cli][run]") {
    for (const int error : {ENOENT, EACCES, E2BIG, ENOEXEC}) {
        CAPTURE(error);
        REQUIRE_FALSE(StartPatience().pause_after(error, true));
    }
}

TEST_CASE("a start is tried for some seconds, ever more slowly", "[cli][run]") {
    for (const int error : {EAGAIN, ENOMEM, EMFILE, ENFILE}) {
        CAPTURE(error);
        StartPatience patience;
        auto total = 0ms;
        auto last = 0ms;
        unsigned tries = 1;
        while (const auto pause = patience.pause_after(error, false)) {
            REQUIRE(*pause >= last);
            last = *pause;
            total += *pause;
            ++tries;
            REQUIRE(tries <= StartPatience::kTries);
        }
        REQUIRE(tries == StartPatience::kTries);
        REQUIRE(total >= 3s);
        REQUIRE(total <= 20s);
    }
}

TEST_CASE("while other jobs run there is something to wait for", "[cli][run]") {
    StartPatience patience;
    for (int turn = 0; turn < 1000; ++turn) {
        REQUIRE(patience.pause_after(EAGAIN, true));
    }
    unsigned alone = 0;
    while (patience.pause_after(EAGAIN, false)) {
        ++alone;
    }
    REQUIRE(alone == StartPatience::kTries - 1);
}
