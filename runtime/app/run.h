// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/task.h>

#include <optional>
#include <string>

namespace aiomisc {

struct RunOptions {
    /// Whether to configure logging; with false, what log::basic_config() was given stays.
    bool log_config = true;
    /// `debug`, `info`, …; empty: `AIOMISC_LOG_LEVEL`, else info.
    std::string log_level{};
    /// `color`, `plain`, …; empty: `AIOMISC_LOG_FORMAT`, else what suits stderr.
    std::string log_format{};
    /// Reports slow callbacks and tasks that were never awaited; none: `AIOMISC_DEBUG`, else false.
    std::optional<bool> debug{};
};

/// Runs a program: makes the event loop, runs `main` on it, and returns the exit code for main().
///
///     int main(int argc, char** argv) { return aiomisc::run(argc, argv, amain(argv[1])); }
///
/// Call it before any thread exists: what must be forked early, for worker processes, is forked
/// here. SIGINT and SIGTERM cancel the main task; a second one has its usual effect. A signal that
/// was ignored at the start stays ignored.
///
/// Returns what `main` returns, 0 for a Task<>; 128 + number when a signal ended it; 1 when it
/// threw, after logging the error.
///
/// Errors:    None: they are logged.
/// Affinity:  the thread of the program's main().
/// Idea:      aiomisc.run, asyncio.run.
int run(int argc, char** argv, Task<int> main, const RunOptions& options = {});
int run(int argc, char** argv, Task<> main, const RunOptions& options = {});
int run(Task<int> main, const RunOptions& options = {});
int run(Task<> main, const RunOptions& options = {});

namespace detail {

/// Has `hook` called by every run(), after logging is configured, before the loop exists. For
/// layers above that must act while the process has one thread. Registering it again changes
/// nothing.
void register_start_hook(void (*hook)());

}  // namespace detail

}  // namespace aiomisc
