// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/task/task.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

/// Tasks for tests of what runs several of them: they note in `steps` what happened to them.
namespace aiomisc::test {

using Steps = std::vector<std::string>;

/// Returns `value` after `delay`; notes "NAME cancelled" if it is cancelled.
inline Task<int> number_after(
    Duration delay, int value, Steps* steps = nullptr, std::string name = {}) {
    std::optional<CancelledError> cancelled;
    try {
        co_await sleep(delay);
    } catch (const CancelledError& error) {
        cancelled = error;
    }
    if (steps != nullptr) {
        steps->push_back(name + (cancelled ? " cancelled" : " done"));
    }
    if (cancelled) {
        throw CancelledError(cancelled->reason());
    }
    co_return value;
}

/// Throws std::runtime_error after `delay`.
inline Task<int> fail_after(Duration delay, std::string text) {
    co_await sleep(delay);
    throw std::runtime_error(text);
}

/// Needs `cleanup` to end when it is cancelled.
inline Task<int> slow_to_cancel(Duration cleanup, Steps* steps, std::string name) {
    std::optional<CancelledError> cancelled;
    try {
        co_await sleep(std::chrono::hours(1));
    } catch (const CancelledError& error) {
        cancelled = error;
    }
    if (cancelled) {
        steps->push_back(name + " cancelled");
        co_await sleep(cleanup);
        steps->push_back(name + " cleaned up");
        throw CancelledError(cancelled->reason());
    }
    co_return 0;
}

/// Swallows one cancellation, and returns `value` a second later.
inline Task<int> stubborn(int value) {
    try {
        co_await sleep(std::chrono::hours(1));
    } catch (const CancelledError&) {
        value += 1000;
    }
    co_await sleep(std::chrono::seconds(1));
    co_return value;
}

/// Answers a cancellation with an error.
inline Task<int> fail_when_cancelled(std::string text) {
    bool cancelled = false;
    try {
        co_await sleep(std::chrono::hours(1));
    } catch (const CancelledError&) {
        cancelled = true;
    }
    if (cancelled) {
        throw std::runtime_error(text);
    }
    co_return 0;
}

/// Notes that its body ran.
inline Task<int> note_start(Steps* steps, std::string name) {
    steps->push_back(name + " started");
    co_return 0;
}

}  // namespace aiomisc::test
