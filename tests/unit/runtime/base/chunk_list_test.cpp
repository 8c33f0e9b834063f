// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/chunk_list.h>

#include "support/catch.h"

#include <ranges>
#include <stdexcept>
#include <vector>

using namespace aiomisc;

TEST_CASE("ten items by three are three, three, three and one", "[UT-06][test_chunk_list]") {
    const std::vector<int> items{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    std::vector<std::vector<int>> chunks;
    for (const auto& chunk : chunk_list(items, 3)) {
        chunks.push_back(chunk);
    }
    CHECK(chunks == std::vector<std::vector<int>>{{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {9}});
}

TEST_CASE("chunks of exactly all, of more than all, and of nothing", "[UT-06]") {
    int count = 0;
    for (const auto& chunk : chunk_list(std::vector<int>{1, 2}, 2)) {
        CHECK(chunk.size() == 2);
        ++count;
    }
    for (const auto& chunk : chunk_list(std::vector<int>{1, 2}, 5)) {
        CHECK(chunk.size() == 2);
        ++count;
    }
    CHECK(count == 2);
    const std::vector<int> nothing;
    for (const auto& chunk : chunk_list(nothing, 3)) {
        FAIL("a chunk of " << chunk.size());
    }
    CHECK_THROWS_AS(chunk_list(nothing, 0), std::invalid_argument);
}

TEST_CASE("chunks are made as they are asked for", "[UT-06]") {
    int taken = 0;
    const auto counting =
        std::views::iota(0) | std::views::transform([&taken](int item) { return ++taken, item; });
    for (const auto& chunk : chunk_list(counting, 4)) {  // without end
        CHECK(chunk == std::vector<int>{0, 1, 2, 3});
        break;
    }
    CHECK(taken == 4);
}
