// SPDX-License-Identifier: MIT
#include "support/wait_until.h"

#include "support/catch.h"

#include <chrono>

using namespace std::chrono_literals;
using aiomisc::test::wait_until;

TEST_CASE("wait_until returns as soon as the condition holds", "[support]") {
    int asked = 0;
    CHECK(wait_until([&] { return ++asked == 3; }, 1h));
    CHECK(asked == 3);
}

TEST_CASE("wait_until asks at least once and gives up at its limit", "[support]") {
    int asked = 0;
    CHECK_FALSE(wait_until([&] { return ++asked < 0; }, 0ms));
    CHECK(asked >= 1);
    CHECK(wait_until([] { return true; }, 0ms));
}
