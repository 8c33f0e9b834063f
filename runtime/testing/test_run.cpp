// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/testing/test_run.h>

#include <aiomisc/runtime/base/environment.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <chrono>
#include <exception>

namespace aiomisc::testing {

UnhandledErrors*& unhandled_errors() noexcept {
    static thread_local UnhandledErrors* current = nullptr;
    return current;
}

UnhandledErrors::UnhandledErrors(BasicLoop& loop)
    : loop_(loop), previous_(std::exchange(unhandled_errors(), this)) {
    loop.set_exception_handler([this](const ExceptionContext& context) {
        std::string text = context.message;
        if (!context.task.empty()) {
            text += " [" + context.task + "]";
        }
        if (context.exception) {
            text += ": " + describe_exception(context.exception);
        }
        errors_.push_back(std::move(text));
    });
}

UnhandledErrors::~UnhandledErrors() {
    loop_.set_exception_handler({});
    unhandled_errors() = previous_;
}

BasicLoop& current_loop() {
    return dynamic_cast<BasicLoop&>(Scheduler::current());
}

Task<> turns(int count) {
    for (int turn = 0; turn < count; ++turn) {
        co_await sleep(Duration::zero());
    }
}

EntrypointOptions EntrypointFixture::entrypoint_options() {
    return {.log_config = false, .catch_signals = std::vector<int>()};
}

Task<> EntrypointFixture::set_up() {
    co_return;
}

Task<> EntrypointFixture::tear_down() {
    co_return;
}

Entrypoint& EntrypointFixture::entrypoint() {
    if (!entrypoint_) {
        throw InvalidStateError("the test of this fixture does not run");
    }
    return *entrypoint_;
}

namespace {

Task<> fill_context(EntrypointFixture* fixture, Entrypoint* entrypoint) {
    fixture->default_context(entrypoint->context());
    co_return;
}

}  // namespace

Task<> live(EntrypointFixture* fixture, UniqueFunction<Task<>()> body) {
    co_await fixture->set_up();
    fixture->entrypoint_.emplace(fixture->entrypoint_options(), fixture->services());
    Entrypoint& entrypoint = *fixture->entrypoint_;
    // Before the first service starts; those that a test starts later find what there is then.
    auto connection = entrypoint.pre_start.connect(
        [fixture, running = &entrypoint] { return fill_context(fixture, running); });
    std::exception_ptr error;
    try {
        co_await entrypoint.start();
        connection.disconnect();
        co_await body();
    } catch (...) {
        error = std::current_exception();
    }
    try {
        co_await entrypoint.stop(error);
    } catch (...) {
        error = error ? error : std::current_exception();
    }
    fixture->entrypoint_.reset();
    co_await fixture->tear_down();
    if (error) {
        std::rethrow_exception(error);
    }
}

Task<> within_test_timeout(Task<> body) {
    const auto limit = environment::seconds("AIOMISC_TEST_TIMEOUT");
    if (!limit) {
        co_await std::move(body);
        co_return;
    }
    co_await wait_for(
        std::move(body),
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*limit)));
}

}  // namespace aiomisc::testing
