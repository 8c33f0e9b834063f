// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/app/options.h>
#include <aiomisc/runtime/app/service.h>
#include <aiomisc/runtime/task/task.h>

#include <concepts>
#include <memory>
#include <utility>

namespace aiomisc {

/// Runs a program: makes the event loop, starts the services, runs `main`, stops the services, and
/// returns the exit code for main().
///
///     int main(int argc, char** argv) { return aiomisc::run(argc, argv, amain(argv[1])); }
///
/// Call it before any thread exists: what must be forked early, for worker processes, is forked
/// here. SIGINT and SIGTERM stop the services, then cancel the main task; a second one ends the
/// process at once. A signal that was ignored at the start stays ignored. See Entrypoint for the
/// rest.
///
/// Returns what `main` returns, 0 for a Task<>; 128 + number when a signal ended it; 70 when the
/// shutdown took too long; the code of a SystemExit; 1 for any other error, after logging it.
///
/// Errors:    None: they are logged.
/// Affinity:  the thread of the program's main().
/// Idea:      aiomisc.run, asyncio.run.
int run(Task<int> main, EntrypointOptions options = {}, ServiceList services = {});
int run(Task<> main, EntrypointOptions options = {}, ServiceList services = {});
int run(
    int argc,
    char** argv,
    Task<int> main,
    EntrypointOptions options = {},
    ServiceList services = {});
int run(
    int argc, char** argv, Task<> main, EntrypointOptions options = {}, ServiceList services = {});

template <typename Value, std::derived_from<Service>... Services>
    requires(sizeof...(Services) > 0)
int run(Task<Value> main, EntrypointOptions options, std::shared_ptr<Services>... services) {
    return run(std::move(main), std::move(options), ServiceList{std::move(services)...});
}

/// Runs services until a signal, or Entrypoint::request_shutdown(), and returns the exit code for
/// main(): 0 when they were stopped in order.
///
///     int main() { return aiomisc::serve({.log_level = "debug"}, {std::make_shared<Echo>()}); }
///
/// Errors:    None: they are logged, and the code is 1.
/// Affinity:  the thread of the program's main().
int serve(EntrypointOptions options, ServiceList services);

}  // namespace aiomisc
