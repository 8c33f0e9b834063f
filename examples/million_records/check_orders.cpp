// SPDX-License-Identifier: MIT
// Looks for what is wrong in a block of orders, each `id;customer;cents`. One call handles many
// records, so that a call costs next to nothing for each:
//
//     aiomisc-run -k -n 1000 check_orders.cpp order={} < orders.csv
#include <aiomisc/job.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// Cuts off and returns what stands before the next semicolon.
std::string_view next_field(std::string_view& record) {
    const std::string_view field = record.substr(0, record.find(';'));
    record.remove_prefix(std::min(field.size() + 1, record.size()));
    return field;
}

bool is_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number > 0;
}

/// Why an order is refused; null if it is good.
const char* fault_of(std::string_view order) {
    if (!is_number(next_field(order))) {
        return "the id is no number";
    }
    if (next_field(order).empty()) {
        return "there is no customer";
    }
    return is_number(order) ? nullptr : "the sum is no number";
}

void check_orders(const std::vector<std::string>& orders) {
    for (const std::string& order : orders) {
        if (const char* fault = fault_of(order)) {
            std::printf("%s: %s\n", order.c_str(), fault);
        }
    }
}

}  // namespace

AIOMISC_JOB(
    check_orders,
    about("Prints the orders that make no sense, and why."),
    param("order", "id;customer;cents"))
