// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

/// What a function can ask while it runs in a worker process. Outside of a worker nothing is ever
/// cancelled.
///
/// Affinity:  any thread of the worker.
namespace aiomisc::this_task {

/// Whether the caller cancelled this call, or its time is up. A blocking system call is interrupted
/// (EINTR) when that happens. Signal-safe.
[[nodiscard]] bool stop_requested() noexcept;

/// Throws CancelledError if stop_requested(). Call it in long loops.
void check_cancelled();

/// Sleeps, and throws CancelledError as soon as the call is cancelled. Plain sleeps of the standard
/// library go on after an interrupt.
void sleep_for(std::chrono::nanoseconds duration);

/// Which time this call is started, from 1.
[[nodiscard]] std::uint32_t attempt() noexcept;

/// Number of the call, unique in its pool; 0 outside of a worker.
[[nodiscard]] std::uint64_t call_id() noexcept;

/// Number of the worker in its pool, from 1; 0 outside of a worker.
[[nodiscard]] std::uint32_t worker_id() noexcept;

}  // namespace aiomisc::this_task
