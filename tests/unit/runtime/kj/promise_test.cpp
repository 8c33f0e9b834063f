// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/kj/promise.h>

#include "support/async_test.h"
#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/kj/event_port.h>
#include <aiomisc/runtime/task/future.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <stdexcept>
#include <string>

using namespace aiomisc;
using namespace aiomisc::detail;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// Says when it goes; KJ destroys it with the promise that owns it.
class Trace {
public:
    explicit Trace(bool& gone) : gone_(&gone) {}

    Trace(Trace&& other) noexcept : gone_(std::exchange(other.gone_, nullptr)) {}

    Trace& operator=(Trace&&) = delete;
    Trace(const Trace&) = delete;
    Trace& operator=(const Trace&) = delete;

    ~Trace() {
        if (gone_ != nullptr) {
            *gone_ = true;
        }
    }

private:
    bool* gone_;
};

void use_kj() {
    EventLoop::current().extension<KjLoop>();
}

kj::Exception kj_error(kj::Exception::Type type, const char* text) {
    return {type, __FILE__, __LINE__, kj::heapString(text)};
}

Task<int> await_it(KjAwaitable<int> number) {
    co_return co_await number;
}

Task<int> await_number(kj::Promise<int> promise) {
    return await_it(from_kj(std::move(promise)));
}

Task<> await_it(KjAwaitable<void> nothing) {
    co_await nothing;
}

Task<> await_nothing(kj::Promise<void> promise) {
    return await_it(from_kj(std::move(promise)));
}

Task<int> number_later(int number) {
    co_await turns(3);
    co_return number;
}

template <typename Error>
Task<int> fail_later(Error error) {
    co_await turns(1);
    throw error;
}

/// Notes that it was cancelled.
Task<int> sleep_long(bool& cancelled) {
    try {
        co_await sleep(300s);
    } catch (const CancelledError&) {
        cancelled = true;
        throw;
    }
    co_return 0;
}

/// How a promise of KJ's ended, for KJ's side.
struct KjOutcome {
    bool done = false;
    int value = 0;
    bool failed = false;
    kj::Exception::Type type = kj::Exception::Type::FAILED;
    std::string text;
};

kj::Promise<void> note_outcome(kj::Promise<int> promise, KjOutcome& outcome) {
    return promise
        .then(
            [&outcome](int value) {
                outcome.done = true;
                outcome.value = value;
            },
            [&outcome](kj::Exception&& exception) {
                outcome.done = true;
                outcome.failed = true;
                outcome.type = exception.getType();
                outcome.text = exception.getDescription().cStr();
            })
        .eagerlyEvaluate(nullptr);
}

Task<> until_done(const KjOutcome& outcome) {
    while (!outcome.done) {
        co_await turns(1);
    }
}

}  // namespace

ASYNC_TEST_CASE("a promise of KJ's is awaited, fulfilled before or after") {
    use_kj();
    auto ready = await_number(5);
    CHECK_AWAIT(std::move(ready), awaited == 5);
    auto late = kj::newPromiseAndFulfiller<int>();
    auto task = create_task(await_number(kj::mv(late.promise)));
    co_await turns(2);
    CHECK_FALSE(task.done());
    late.fulfiller->fulfill(6);
    CHECK_AWAIT(task, awaited == 6);
    auto nothing = await_nothing(kj::READY_NOW);
    co_await std::move(nothing);
}

ASYNC_TEST_CASE("a value that can only be moved crosses the border") {
    use_kj();
    auto promise = kj::Promise<kj::String>(kj::heapString("text"));
    const kj::String text = co_await from_kj(kj::mv(promise));
    CHECK(text == "text");
}

ASYNC_TEST_CASE("callbacks of KJ run in our loop, one after the other") {
    use_kj();
    auto first = kj::newPromiseAndFulfiller<int>();
    std::string order;
    auto promise = first.promise
                       .then([&order](int value) {
                           order += 'a';
                           return value + 1;
                       })
                       .then([&order](int value) {
                           order += 'b';
                           return kj::evalLater([value] { return value * 2; });
                       })
                       .then([&order](int value) {
                           order += 'c';
                           return value;
                       });
    auto task = create_task(await_number(kj::mv(promise)));
    first.fulfiller->fulfill(4);
    CHECK(order.empty());
    CHECK_AWAIT(task, awaited == 10);
    CHECK(order == "abc");
}

ASYNC_TEST_CASE("KJ's errors become ours: a peer that is gone, or a broken protocol") {
    use_kj();
    auto hung_up =
        await_number(kj_error(kj::Exception::Type::DISCONNECTED, "the peer has hung up"));
    auto gone = co_await settle(std::move(hung_up));
    CHECK_THAT(text_of(gone), contains("ClosedError"));
    CHECK_THAT(text_of(gone), contains("the peer has hung up"));
    for (const auto type :
         {kj::Exception::Type::FAILED,
          kj::Exception::Type::OVERLOADED,
          kj::Exception::Type::UNIMPLEMENTED}) {
        auto failing = await_number(kj_error(type, "nonsense"));
        auto failed = co_await settle(std::move(failing));
        CHECK_THAT(text_of(failed), contains("ProtocolError"));
        CHECK_THAT(text_of(failed), contains("nonsense"));
    }
    auto leaving = await_nothing(kj_error(kj::Exception::Type::DISCONNECTED, "gone"));
    auto nothing = co_await settle(std::move(leaving));
    CHECK_THAT(text_of(nothing), contains("ClosedError"));
}

ASYNC_TEST_CASE("a fulfiller that is dropped is an error, not a hang") {
    use_kj();
    auto pair = kj::newPromiseAndFulfiller<int>();
    auto task = create_task(await_number(kj::mv(pair.promise)));
    co_await turns(1);
    pair.fulfiller = nullptr;
    const auto outcome = co_await settle(std::move(task));
    CHECK_FALSE(outcome.has_value());
}

ASYNC_TEST_CASE("cancelling the task drops the promise") {
    use_kj();
    for (const int turns_before : {0, 1, 3}) {
        bool gone = false;
        auto pair = kj::newPromiseAndFulfiller<int>();
        auto task = create_task(await_number(pair.promise.attach(Trace(gone))));
        co_await turns(turns_before);
        CHECK(pair.fulfiller->isWaiting());
        task.cancel();
        const auto outcome = co_await settle(std::move(task));
        CHECK_FALSE(outcome.has_value());
        CHECK(gone);
        CHECK_FALSE(pair.fulfiller->isWaiting());
    }
}

ASYNC_TEST_CASE("a cancellation and a value that meet end the await once") {
    use_kj();
    for (const bool cancel_first : {false, true}) {
        for (const int turns_between : {0, 1, 2}) {
            auto pair = kj::newPromiseAndFulfiller<int>();
            auto task = create_task(await_number(kj::mv(pair.promise)));
            co_await turns(2);
            if (cancel_first) {
                task.cancel();
                co_await turns(turns_between);
                pair.fulfiller->fulfill(1);
            } else {
                pair.fulfiller->fulfill(1);
                co_await turns(turns_between);
                task.cancel();
            }
            const auto outcome = co_await settle(std::move(task));
            CHECK((!cancel_first || !outcome.has_value()));
        }
    }
}

ASYNC_TEST_CASE("a limit of time ends the wait for a promise") {
    use_kj();
    bool gone = false;
    auto pair = kj::newPromiseAndFulfiller<int>();
    auto late = await_number(pair.promise.attach(Trace(gone)));
    const auto outcome = co_await settle(wait_for(std::move(late), 1ms));
    CHECK_THAT(text_of(outcome), contains("TimeoutError"));
    CHECK(gone);
}

ASYNC_TEST_CASE("a task fulfils a promise for KJ") {
    use_kj();
    KjOutcome outcome;
    const auto noting = note_outcome(to_kj(number_later(7)), outcome);
    CHECK_FALSE(outcome.done);
    co_await until_done(outcome);
    CHECK(outcome.value == 7);
    auto number = await_number(to_kj(number_later(8)));
    CHECK_AWAIT(std::move(number), awaited == 8);
    auto nothing = await_nothing(to_kj(turns(2)));
    co_await std::move(nothing);
}

ASYNC_TEST_CASE("what a task throws becomes KJ's error, with type and text") {
    use_kj();
    KjOutcome closed;
    const auto first = note_outcome(to_kj(fail_later(ClosedError("hung up"))), closed);
    KjOutcome late;
    const auto second = note_outcome(to_kj(fail_later(TimeoutError("too late"))), late);
    KjOutcome other;
    const auto third = note_outcome(to_kj(fail_later(std::out_of_range("beyond"))), other);
    KjOutcome cancelled;
    const auto fourth =
        note_outcome(to_kj(fail_later(CancelledError(CancelReason::kRequested))), cancelled);
    for (const KjOutcome* outcome : {&closed, &late, &other, &cancelled}) {
        co_await until_done(*outcome);
        CHECK(outcome->failed);
    }
    CHECK(closed.type == kj::Exception::Type::DISCONNECTED);
    CHECK_THAT(closed.text, contains("hung up"));
    CHECK(late.type == kj::Exception::Type::OVERLOADED);
    CHECK_THAT(late.text, contains("too late"));
    CHECK(other.type == kj::Exception::Type::FAILED);
    CHECK_THAT(other.text, contains("std::out_of_range: beyond"));
    CHECK(cancelled.type == kj::Exception::Type::FAILED);
}

ASYNC_TEST_CASE("dropping the promise cancels the task") {
    use_kj();
    for (const int turns_before : {1, 4}) {
        bool cancelled = false;
        {
            const auto promise = to_kj(sleep_long(cancelled));
            co_await turns(turns_before);
            CHECK_FALSE(cancelled);
        }
        co_await turns(3);
        CHECK(cancelled);
    }
    bool never_begun = false;
    {
        const auto promise = to_kj(sleep_long(never_begun));
    }
    co_await turns(3);
    CHECK_FALSE(never_begun);
}

ASYNC_TEST_CASE("cancelling goes through KJ from task to task") {
    use_kj();
    bool cancelled = false;
    auto task = create_task(
        await_number(to_kj(sleep_long(cancelled)).then([](int value) { return value + 1; })));
    co_await turns(4);
    task.cancel();
    CHECK_AWAIT(settle(std::move(task)), !awaited.has_value());
    co_await turns(3);
    CHECK(cancelled);
}
