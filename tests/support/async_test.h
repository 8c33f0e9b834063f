// SPDX-License-Identifier: MIT
#pragma once

#include "support/catch.h"

#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/virtual_loop.h>
#include <aiomisc/runtime/task/gather_settled.h>
#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/testing/async_test.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace aiomisc::test {

using testing::current_loop;
using testing::run_on_loop;
using testing::turns;
using testing::unhandled_errors;
using testing::UnhandledErrors;

/// libuv opens a pipe for signals with the first loop of a process, and keeps it: done before
/// main() it is no leak of the first test.
inline const bool kLibuvIsReady = [] {
    const EventLoop first;
    return !first.closed();
}();

/// Awaits one thing, and returns how it ended instead of throwing.
template <Awaitable Awaited>
Task<Settled<AwaitableValue<Awaited>>> settle(Awaited awaitable) {
    auto [outcome] = co_await gather_settled(std::move(awaitable));
    co_return std::move(outcome);
}

/// `type: what()` of the error something ended with, or "value".
template <typename Value>
std::string text_of(const Settled<Value>& settled) {
    return settled.has_value() ? "value" : describe_exception(settled.error());
}

}  // namespace aiomisc::test
