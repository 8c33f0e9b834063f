// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/threaded_iterable.h>

#include "gate.h"
#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/thread/threaded.h>

#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace aiomisc;
using namespace aiomisc::test;

template <typename Iterator>
Task<std::vector<typename Iterator::value_type>> read_all(Iterator items) {
    std::vector<typename Iterator::value_type> all;
    while (auto item = co_await items.next()) {
        all.push_back(std::move(*item));
    }
    co_return all;
}

void count_to(Yield<int>& yield, int end) {
    for (int item = 0; item < end; ++item) {
        yield(item);
    }
}

class Range {
public:
    explicit Range(int end) : end_(end) {}

    void items(Yield<int>& yield, int step) const {
        for (int item = 0; item < end_; item += step) {
            yield(item);
        }
    }

private:
    int end_;
};

const std::vector<int> kFour{0, 1, 2, 3};

}  // namespace

ASYNC_TEST_CASE("a producer is called with arguments, in the pool or not", "[TH-09]") {
    const auto count = threaded_iterable(count_to, {.max_size = 2});
    CHECK_AWAIT(read_all(count(4)), awaited == kFour);
    CHECK_AWAIT(read_all(count(1)), awaited == std::vector<int>{0});
    const auto separate = threaded_iterable_separate(count_to);
    CHECK_AWAIT(read_all(separate(4)), awaited == kFour);
}

ASYNC_TEST_CASE("threaded of a producer iterates", "[TH-01][test_threaded_generator]") {
    const auto count = threaded(count_to);
    CHECK_AWAIT(read_all(count(4)), awaited == kFour);
    const auto letters = threaded([](Yield<char>& yield, const std::string& text) {
        for (const char letter : text) {
            yield(letter);
        }
    });
    CHECK_AWAIT(read_all(letters("ab")), awaited == std::vector<char>{'a', 'b'});
    const auto separate = threaded_separate(count_to);
    CHECK_AWAIT(read_all(separate(4)), awaited == kFour);
}

ASYNC_TEST_CASE("a function that returns a range is one too", "[TH-12]") {
    const auto words = threaded_iterable([](std::string first, std::string second) {
        return std::vector<std::string>{std::move(first), std::move(second)};
    });
    CHECK_AWAIT(read_all(words("a", "b")), awaited == std::vector<std::string>{"a", "b"});
}

ASYNC_TEST_CASE(
    "a member function that produces: calling, async_call and sync_call agree",
    "[TH-02][test_threaded_iterator_class_func][test_threaded_iterator_class_method]") {
    const Range range(4);
    const auto items = threaded_iterable(&Range::items);
    CHECK_AWAIT(read_all(items(&range, 1)), awaited == kFour);
    CHECK_AWAIT(read_all(items.async_call(range, 1)), awaited == kFour);
    CHECK(items.sync_call(range, 1) == kFour);
    CHECK(threaded_iterable(count_to).sync_call(4) == kFour);
}

ASYNC_TEST_CASE("each call has a producer of its own", "[TH-09]") {
    const auto where = threaded_iterable_separate(
        [](Yield<std::thread::id>& yield, Gate* inside) {
            inside->open();
            inside->wait(3);
            yield(std::this_thread::get_id());
        },
        {.statistic_name = "each"});
    Gate inside;
    auto first = where(&inside);
    auto second = where(&inside);
    auto third = where(&inside);
    auto reading_first = create_task(first.next());
    auto reading_second = create_task(second.next());
    auto reading_third = create_task(third.next());
    std::set<std::thread::id> ids;
    ids.insert((co_await reading_first).value());
    ids.insert((co_await reading_second).value());
    ids.insert((co_await reading_third).value());
    CHECK(ids.size() == 3);
}

ASYNC_TEST_CASE(
    "an error before the first item comes from the first next",
    "[TH-12][test_threaded_generator_func_raises]") {
    const auto fail = threaded_iterable([](Yield<int>&) { throw std::runtime_error("no"); });
    auto items = fail();
    CHECK_AWAIT(settle(items.next()), text_of(awaited) == "std::runtime_error: no");
}
