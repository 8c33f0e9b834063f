// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/slots.h>

#include "support/catch.h"

using aiomisc::cli::Slots;

TEST_CASE("the lowest free slot is given out first", "[cli][run]") {
    Slots slots(3);
    REQUIRE(slots.take() == 1);
    REQUIRE(slots.take() == 2);
    REQUIRE(slots.take() == 3);
    slots.release(3);
    slots.release(1);
    REQUIRE(slots.take() == 1);
    REQUIRE(slots.take() == 3);
}

TEST_CASE("slots know how many of them are taken", "[cli][run]") {
    Slots slots(2);
    REQUIRE(slots.in_use() == 0);
    const unsigned first = slots.take();
    slots.take();
    REQUIRE(slots.in_use() == 2);
    slots.release(first);
    REQUIRE(slots.in_use() == 1);
}
