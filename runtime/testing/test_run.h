// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/app/context.h>
#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/runtime/loop/basic_loop.h>
#include <aiomisc/runtime/task/task.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

// What async_test.h is made of, without Catch2.
namespace aiomisc::testing {

/// Collects what reaches a loop's exception handler: `message [task]: error`. The newest is the
/// current one of its thread.
class UnhandledErrors {
public:
    explicit UnhandledErrors(BasicLoop& loop);
    UnhandledErrors(const UnhandledErrors&) = delete;
    UnhandledErrors& operator=(const UnhandledErrors&) = delete;
    ~UnhandledErrors();

    /// What came since the last call.
    std::vector<std::string> take() { return std::exchange(errors_, {}); }

private:
    BasicLoop& loop_;
    UnhandledErrors* previous_;
    std::vector<std::string> errors_;
};

/// The collector of the test that runs: a test that provokes an unhandled error takes it from here.
/// Null outside of a test.
UnhandledErrors*& unhandled_errors() noexcept;

/// The loop that runs the test.
BasicLoop& current_loop();

/// Gives everything else that is ready `count` turns.
Task<> turns(int count = 1);

/// What stands around a test with services; see ENTRYPOINT_TEST_CASE.
///
/// Affinity:  loop.
/// Idea:      the fixtures of aiomisc-pytest.
class EntrypointFixture {
public:
    EntrypointFixture() = default;
    EntrypointFixture(const EntrypointFixture&) = delete;
    EntrypointFixture& operator=(const EntrypointFixture&) = delete;
    virtual ~EntrypointFixture() = default;

    /// What runs during the test.
    virtual ServiceList services() { return {}; }

    /// Values that the services find in the context from the start.
    virtual void default_context(Context&) {}

    /// By default logging is left as it is, and no signal is caught.
    virtual EntrypointOptions entrypoint_options();

    /// Before the services start, and after they have stopped.
    virtual Task<> set_up();
    virtual Task<> tear_down();

    /// Errors: InvalidStateError (the test does not run).
    [[nodiscard]] Entrypoint& entrypoint();

private:
    friend Task<> live(EntrypointFixture* fixture, UniqueFunction<Task<>()> body);

    std::optional<Entrypoint> entrypoint_;
};

/// The life of a test with a fixture.
Task<> live(EntrypointFixture* fixture, UniqueFunction<Task<>()> body);

/// Fails with TimeoutError after AIOMISC_TEST_TIMEOUT seconds, where that is set.
Task<> within_test_timeout(Task<> body);

}  // namespace aiomisc::testing
