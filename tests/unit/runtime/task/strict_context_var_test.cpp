// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/strict_context_var.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace aiomisc;

StrictContextVar<int> number("number", std::domain_error("no number is set"));
StrictContextVar<std::string> text("text", std::domain_error("no text is set"));
StrictContextVar<std::vector<int>> numbers("numbers", std::domain_error("no numbers are set"));

}  // namespace

VIRTUAL_TEST_CASE(
    "without a value the error is the one it was given", "[CX-06][test_get_raises_when_not_set]") {
    CHECK_THROWS_AS(number.get(), std::domain_error);
    CHECK_THROWS_WITH(number.get(), "no number is set");
    const auto token = number.set(3);
    CHECK(number.get() == 3);
    number.reset(token);
    CHECK_THROWS_AS(number.get(), std::domain_error);
    co_return;
}

VIRTUAL_TEST_CASE(
    "values of any type come back",
    "[CX-06][test_get_returns_value_when_set][test_set_and_get_different_types]") {
    number.set(1);
    text.set("one");
    numbers.set({1, 2});
    CHECK(number.get() == 1);
    CHECK(text.get() == "one");
    CHECK(numbers.get() == std::vector<int>{1, 2});
    CHECK(number.name() == "number");
    co_return;
}
