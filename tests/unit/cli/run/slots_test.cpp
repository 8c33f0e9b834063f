// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/slots.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/loop/virtual_loop.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <chrono>
#include <vector>

using namespace aiomisc;
using namespace aiomisc::cli;

namespace {

Task<std::vector<unsigned>> take_free(Slots& slots) {
    std::vector<unsigned> taken;
    try {
        for (;;) {
            const unsigned slot = co_await wait_for(slots.acquire(), std::chrono::seconds(1));
            taken.push_back(slot);
        }
    } catch (const TimeoutError&) {  // NOLINT(bugprone-empty-catch): there is none left
    }
    co_return taken;
}

/// Takes all slots that are free, in the order in which they are given out.
std::vector<unsigned> free_slots(VirtualLoop& loop, Slots& slots) {
    return loop.run_until_complete(take_free(slots));
}

using Numbers = std::vector<unsigned>;

}  // namespace

TEST_CASE("the lowest free slot is given out first", "[cli][run]") {
    VirtualLoop loop;
    Slots slots(3);
    REQUIRE(free_slots(loop, slots) == Numbers{1, 2, 3});
    slots.release(3);
    slots.release(1);
    REQUIRE(free_slots(loop, slots) == Numbers{1, 3});
}

TEST_CASE("more slots are there at once", "[cli][run]") {
    VirtualLoop loop;
    Slots slots(1);
    REQUIRE(free_slots(loop, slots) == Numbers{1});
    slots.resize(3);
    REQUIRE(free_slots(loop, slots) == Numbers{2, 3});
}

TEST_CASE("fewer slots are what is left when taken ones are released", "[cli][run]") {
    VirtualLoop loop;
    Slots slots(4);
    REQUIRE(free_slots(loop, slots) == Numbers{1, 2, 3, 4});
    slots.release(1);
    slots.resize(2);  // three are taken: one too many
    REQUIRE(free_slots(loop, slots).empty());
    slots.release(4);
    REQUIRE(free_slots(loop, slots).empty());
    slots.release(3);
    REQUIRE(free_slots(loop, slots) == Numbers{1});
    slots.release(2);
    slots.release(1);
    REQUIRE(free_slots(loop, slots) == Numbers{1, 2});
}

TEST_CASE("a number of slots that goes down and up again is what it was", "[cli][run]") {
    VirtualLoop loop;
    Slots slots(3);
    REQUIRE(free_slots(loop, slots) == Numbers{1, 2, 3});
    slots.resize(1);
    slots.resize(3);
    slots.release(2);
    REQUIRE(free_slots(loop, slots) == Numbers{2});
}
