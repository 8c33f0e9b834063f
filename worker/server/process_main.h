// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/worker/process/hooks.h>

#include <cstddef>

namespace aiomisc::detail {

/// What a process that runs one function says on its channel, a ControlChannel, when it does;
/// beside it goes its pidfd.
inline constexpr std::byte kProcessStarted{'S'};

/// The exit status of a process whose function, or initializer, threw.
inline constexpr int kFunctionThrew = 1;

/// Runs `body`, which calls process_started(). The channel stays open until the end of the process.
///
/// Returns the status to exit with: 0, or kFunctionThrew; then the error was logged, and is in the
/// crash note.
///
/// Affinity:  fork-child.
int run_process_main(process::WorkerStart& start, UniqueFunction<void()> body);

/// Says on the channel that the process begins with what it is for.
///
/// Affinity:  fork-child.
void process_started() noexcept;

/// Runs `body`; false if it threw: then the error was logged, and is in the crash note, both
/// behind `what`.
///
/// Affinity:  fork-child.
bool run_noting_errors(
    process::WorkerStart& start, const char* what, UniqueFunction<void()> body) noexcept;

}  // namespace aiomisc::detail
