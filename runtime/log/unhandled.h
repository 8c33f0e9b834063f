// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <span>

namespace aiomisc::log {

/// Makes std::terminate() log, before the process ends, what ended it: one record of level critical
/// through the logger `unhandled`, with the exception nobody caught and a backtrace, to the same
/// sinks as all else. Then the terminate handler that was there before runs.
///
/// basic_config() calls it. Only the first call does something, so that a handler which is set
/// later, and calls this one, is not called in turn.
///
/// Affinity:  any thread.
/// Idea:      sys.excepthook of aiomisc_log.
void install_unhandled_hook() noexcept;

namespace detail {

/// That record.
void write_uncaught(const std::exception_ptr& exception, std::span<void* const> frames) noexcept;

}  // namespace detail

}  // namespace aiomisc::log
