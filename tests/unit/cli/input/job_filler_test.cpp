// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/job_filler.h>

#include "support/catch.h"

#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

using namespace aiomisc::cli;

namespace {

using Items = std::vector<std::string>;

std::unique_ptr<RowSource> numbers(std::size_t count) {
    Items items;
    for (std::size_t item = 1; item <= count; ++item) {
        items.push_back(std::to_string(item));
    }
    return std::make_unique<ItemRows>(std::make_unique<ListSource>(std::move(items)));
}

/// How many items each job gets.
std::vector<std::size_t> shares(JobFiller filler, std::size_t count) {
    const auto rows = numbers(count);
    std::vector<std::size_t> sizes;
    std::size_t next = 1;
    for (Items items; filler.next(*rows, items) == Pull::kItem;) {
        sizes.push_back(items.size());
        for (const std::string& item : items) {
            REQUIRE(item == std::to_string(next++));
        }
    }
    REQUIRE(next == count + 1);
    return sizes;
}

JobFiller filler(JobRoom room, std::optional<unsigned> most = {}) {
    JobFiller filler(most);
    filler.set_room(std::move(room));
    return filler;
}

std::function<bool(const JobInput&)> at_most(std::size_t items) {
    return [items](const JobInput& input) { return input.items.size() <= items; };
}

using Sizes = std::vector<std::size_t>;

}  // namespace

TEST_CASE("a job is filled up and the end is spread over the slots", "[cli][input][L24]") {
    CHECK(shares(JobFiller({}), 5) == Sizes{5});
    CHECK(shares(JobFiller({}), 0).empty());
    CHECK(shares(filler({.fits = at_most(100), .slots = 4}), 10) == Sizes{3, 3, 3, 1});
    CHECK(shares(filler({.fits = at_most(100), .slots = 4}), 2) == Sizes{1, 1});
    CHECK(shares(filler({.fits = at_most(3), .slots = 1}), 7) == Sizes{3, 3, 1});
    CHECK(shares(filler({.fits = at_most(3), .slots = 2}), 4) == Sizes{2, 2});
    CHECK(shares(filler({.fits = at_most(100)}, 2), 5) == Sizes{2, 2, 1});
}

TEST_CASE("what has no room at all is a job by itself", "[cli][input]") {
    CHECK(shares(filler({.fits = at_most(0)}), 3) == Sizes{1, 1, 1});
    // An item that cannot stand in a command does not take its neighbours with it.
    const auto without_three = [](const JobInput& input) {
        return std::ranges::find(input.items, "3") == input.items.end();
    };
    CHECK(shares(filler({.fits = without_three}), 5) == Sizes{2, 1, 2});
}

TEST_CASE("no more is read than one job can take", "[cli][input]") {
    JobFiller bounded = filler({.fits = at_most(4), .bytes = 50});
    const auto rows = numbers(1000);
    Items items;
    REQUIRE(bounded.next(*rows, items) == Pull::kItem);
    CHECK(items == Items{"1", "2", "3", "4"});
    Row next;
    REQUIRE(rows->next(next) == Pull::kItem);
    CHECK(std::stoi(next.front()) <= 8);
}
