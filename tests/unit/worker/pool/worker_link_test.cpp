// SPDX-License-Identifier: MIT

// A WorkerLink against a worker that says what it must not: whatever comes, the channel ends, the
// reason is told, and nothing is settled that was not answered.

#include "unit/ipc/stream/wire.h"
#include "unit/worker/pool/fake_worker.h"

#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/worker/call/items.h>
#include <aiomisc/worker/call/shared_area.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace aiomisc;
using namespace aiomisc::test;
using aiomisc::detail::Reply;
using aiomisc::detail::SharedArea;
using aiomisc::detail::Work;
using RpcMessage = capnp::rpc::Message::Builder;

namespace {

constexpr auto kFirstHalf = SharedArea::Half::kFirst;
constexpr auto kSecondHalf = SharedArea::Half::kSecond;

std::vector<const Work*> works_of(const std::vector<detail::WorkerLink::Lost>& lost) {
    std::vector<const Work*> works;
    works.reserve(lost.size());
    for (const auto& each : lost) {
        works.push_back(each.work);
    }
    return works;
}

/// Lets the loop see its events: it looks for them when nothing else is left to run.
Task<> look_around() {
    co_await sleep(std::chrono::milliseconds(1));
}

/// Two calls, of which the worker is at the second, and then whatever the worker says last. The
/// first one was answered; the second must fail with a violation of the protocol.
Task<> expect_violation(std::string last_words, std::string_view reason = {}) {
    Linked linked;
    FakeWork first("1");
    FakeWork second("2");
    linked.send(first);
    linked.send(second);
    REQUIRE(linked.say(bootstrap_answer() + value_answer(1, "one")));
    REQUIRE_AWAIT(linked.answered(1), awaited);
    CHECK(linked.recorder.ends == 0);
    linked.say(last_words);
    REQUIRE_AWAIT(linked.ended(), awaited);
    INFO(linked.recorder.violation);
    CHECK_THAT(linked.recorder.violation, contains("ProtocolError"));
    CHECK_THAT(linked.recorder.violation, contains(std::string(reason)));
    // Whatever it says from now on, nobody hears.
    linked.say(value_answer(2, "too late"));
    co_await look_around();
    CHECK(linked.recorder.answers.size() == 1);
    CHECK(works_of(linked.link->remains().lost) == std::vector<const Work*>{&second});
}

/// As expect_violation(), for answers with whatever outcome to the second call.
Task<> expect_bad_outcome(std::function<void(schema::Outcome::Builder)> fill) {
    return expect_violation(call_answer(2, fill));
}

/// A value as it lies among the results of calls that travel together.
std::string item(const std::string& value) {
    std::string bytes(detail::kResultHeaderBytes, '\0');
    detail::write_item_header(
        reinterpret_cast<std::byte*>(bytes.data()), detail::ItemKind::kValue, value.size());
    return bytes + value;
}

/// Puts values where the first message's results go.
void put_items(Linked& linked, const std::vector<std::string>& values) {
    std::string bytes;
    for (const std::string& value : values) {
        bytes += item(value);
    }
    std::memcpy(SharedArea(*linked.page).results(kFirstHalf).data(), bytes.data(), bytes.size());
}

std::string return_of(
    std::uint32_t question, const std::function<void(capnp::rpc::Return::Builder)>& fill) {
    return rpc_message([&](RpcMessage message) {
        auto answer = message.initReturn();
        answer.setAnswerId(question);
        fill(answer);
    });
}

std::string abort_message(capnp::rpc::Exception::Type type) {
    return rpc_message([type](RpcMessage message) {
        auto reason = message.initAbort();
        reason.setType(type);
        reason.setReason("the worker had enough");
    });
}

/// A valid header, and then anything.
std::string framed_garbage(std::mt19937_64& random) {
    Message message = message_of(1 + random() % 200, random());
    return message.framed();
}

}  // namespace

ASYNC_TEST_CASE("a link settles calls and chunks with what the worker answers", "[F61]") {
    Linked linked;
    FakeWork value("1");
    FakeWork shared("2");
    FakeWork failed("3");
    FakeWork cancelled("4");
    FakeWork chunk("5", 3);
    for (Work* work : {&value, &shared, &failed, &cancelled, &chunk}) {
        linked.send(*work);
    }
    const std::string large(5000, 'x');
    std::memcpy(SharedArea(*linked.page).results(kSecondHalf).data(), large.data(), large.size());
    std::string answers = bootstrap_answer() + value_answer(1, "one");
    answers += call_answer(
        2, [](schema::Outcome::Builder outcome) { outcome.initValue().setShared(5000); });
    answers += call_answer(3, [](schema::Outcome::Builder outcome) { outcome.initError(7); });
    answers += call_answer(4, [](schema::Outcome::Builder outcome) { outcome.setCancelled(); });
    answers += chunk_answer(5, [](schema::Worker::ChunkResults::Builder results) {
        results.initResults().setDone(2);
        results.getResults().initOverflow(4);
    });
    // One byte at a time: the parent sees each on its own.
    for (const char byte : answers) {
        REQUIRE(linked.say({&byte, 1}));
        co_await look_around();
    }
    REQUIRE_AWAIT(linked.answered(5), awaited);
    const auto& told = linked.recorder.answers;
    CHECK(told[0].work == &value);
    CHECK(told[0].bytes == "one");
    CHECK(told[1].work == &shared);
    CHECK(told[1].bytes == large);
    CHECK(told[2].kind == Reply::Kind::kError);
    CHECK(told[2].bytes.size() == 7);
    CHECK(told[3].kind == Reply::Kind::kCancelled);
    CHECK(told[4].kind == Reply::Kind::kChunk);
    CHECK(told[4].done == 2);
    CHECK(linked.link->in_flight() == 0);
    CHECK(linked.recorder.ends == 0);
}

ASYNC_TEST_CASE(
    "an exchange cut at any byte ends the channel, and settles what is whole", "[F60]") {
    const std::vector<std::string> answers{
        bootstrap_answer(), value_answer(1, "one"), value_answer(2, "two")};
    const std::string exchange = answers[0] + answers[1] + answers[2];
    CHECK(exchange.size() > 250);
    for (const int how : {-1, int{SHUT_WR}}) {
        for (std::size_t end = 0; end <= exchange.size(); ++end) {
            CAPTURE(end, how);
            Linked linked;
            FakeWork first("1");
            FakeWork second("2");
            linked.send(first);
            linked.send(second);
            REQUIRE(linked.say(exchange.substr(0, end)));
            if (how < 0) {
                linked.channel.reset();
            } else {
                ::shutdown(linked.channel.get(), how);
            }
            REQUIRE_AWAIT(linked.ended(), awaited);
            CHECK(linked.recorder.violation == "");
            const std::size_t whole = (end >= exchange.size() - answers[2].size() ? 1 : 0) +
                                      (end == exchange.size() ? 1 : 0);
            CHECK(linked.recorder.answers.size() == whole);
            CHECK(linked.link->remains().lost.size() == 2 - whole);
        }
    }
}

ASYNC_TEST_CASE("what a dead worker had not begun is told apart", "[F57][P1]") {
    Linked linked;
    FakeWork begun("1");
    FakeWork waiting("2");
    linked.send(begun);
    linked.post(waiting);
    linked.channel.reset();
    REQUIRE_AWAIT(linked.ended(), awaited);
    CHECK(linked.recorder.violation == "");
    const auto remains = linked.link->remains();
    CHECK(works_of(remains.lost) == std::vector<const Work*>{&begun});
    CHECK(remains.not_begun == std::vector<Work*>{&waiting});
    CHECK(linked.link->in_flight() == 0);
}

ASYNC_TEST_CASE("a worker that listens no more is found out by the next call", "[F58]") {
    Linked linked;
    FakeWork first("1");
    FakeWork second("2");
    REQUIRE(linked.say(bootstrap_answer()));
    linked.send(first);
    co_await look_around();
    ::shutdown(linked.channel.get(), SHUT_RD);
    REQUIRE(linked.say(value_answer(1, "one")));
    linked.post(second);
    REQUIRE_AWAIT(linked.ended(), awaited);
    CHECK(linked.recorder.violation == "");
    CHECK(linked.recorder.answers.size() == 1);
    CHECK(linked.link->remains().not_begun == std::vector<Work*>{&second});
}

ASYNC_TEST_CASE("answers that a worker sent before it died count", "[F5][P1]") {
    Linked linked;
    FakeWork first("1");
    FakeWork second("2");
    FakeWork third("3");
    REQUIRE(linked.say(bootstrap_answer()));
    linked.send(first);
    linked.send(second);
    co_await look_around();
    // It dies at the second call, with the answer to the first one on its way.
    REQUIRE(linked.say(value_answer(1, "one")));
    linked.channel.reset();
    linked.post(third);
    REQUIRE_AWAIT(linked.ended(), awaited);
    REQUIRE(linked.recorder.answers.size() == 1);
    CHECK(linked.recorder.answers[0].bytes == "one");
    const auto remains = linked.link->remains();
    CHECK(works_of(remains.lost) == std::vector<const Work*>{&second});
    CHECK(remains.not_begun == std::vector<Work*>{&third});
}

ASYNC_TEST_CASE("random bytes on the channel break it", "[F59][P14]") {
    std::mt19937_64 random(57);
    for (int round = 0; round < 100; ++round) {
        CAPTURE(round);
        std::string bytes(8 + random() % 4000, '\0');
        std::ranges::generate(bytes, [&random] { return static_cast<char>(random()); });
        co_await expect_violation(bytes);
    }
}

ASYNC_TEST_CASE("valid frames with random bodies break the channel", "[F59][P14]") {
    std::mt19937_64 random(59);
    for (int round = 0; round < 300; ++round) {
        CAPTURE(round);
        co_await expect_violation(framed_garbage(random));
    }
}

ASYNC_TEST_CASE("answers with random changes settle no other call", "[F59][P14]") {
    std::mt19937_64 random(61);
    for (int round = 0; round < 300; ++round) {
        CAPTURE(round);
        Linked linked;
        FakeWork first("1");
        FakeWork second("2");
        linked.send(first);
        linked.send(second);
        std::string bytes = value_answer(1, "one");
        for (int change = 0; change < 2; ++change) {
            bytes[8 + random() % (bytes.size() - 8)] = static_cast<char>(random());
        }
        REQUIRE(linked.say(bootstrap_answer() + bytes));
        linked.channel.reset();
        REQUIRE_AWAIT(linked.ended(), awaited);
        // Whatever it means now, it is one message.
        CHECK(linked.recorder.answers.size() <= 1);
        CHECK(linked.recorder.answers.size() + linked.link->remains().lost.size() == 2);
    }
}

ASYNC_TEST_CASE("hostile sizes break the channel", "[F59][P14]") {
    co_await expect_violation(header_of({0, 0xffffffff}), "above the limit");
    co_await expect_violation(header_of({512, 0}), "too many segments");
    co_await expect_violation(header_of({0xffffffff, 0xffffffff}), "too many segments");
    std::vector<std::uint32_t> table(512 + 2, 0xffffffff);
    table[0] = 511;
    co_await expect_violation(header_of(table), "above the limit");
    co_await expect_violation(std::string(4096, '\0'));
}

ASYNC_TEST_CASE("pointers in circles and deep structures break the channel", "[F59][P14]") {
    // An answer whose content is replaced by a struct that contains itself.
    std::string circle = value_answer(2, "two");
    const std::string honest = circle;
    // A pointer to a struct of no data and one pointer, which lies where the pointer itself does.
    const std::uint64_t itself = (std::uint64_t{1} << 48) | 0xfffffffc;
    std::size_t replaced = 0;
    // Every word of the message in turn, the one that is the content among them.
    for (std::size_t word = 8; word + 8 <= honest.size(); word += 8) {
        circle = honest;
        std::memcpy(circle.data() + word, &itself, sizeof itself);
        Linked linked;
        FakeWork first("1");
        FakeWork second("2");
        linked.send(first);
        linked.send(second);
        REQUIRE(linked.say(bootstrap_answer() + circle));
        linked.channel.reset();
        REQUIRE_AWAIT(linked.ended(), awaited);
        replaced += linked.recorder.violation.empty() ? 0 : 1;
        CHECK(linked.recorder.answers.size() + linked.link->remains().lost.size() == 2);
    }
    CHECK(replaced >= 4);
    // A chain of structs deeper than any nesting limit.
    co_await expect_violation(return_of(2, [](capnp::rpc::Return::Builder answer) {
        auto pointer = answer.initResults().getContent();
        for (int depth = 0; depth < 1000; ++depth) {
            pointer = pointer.initAsAnyStruct(0, 1).getPointerSection()[0];
        }
    }));
}

ASYNC_TEST_CASE("a worker that asks the parent for anything breaks the channel", "[F62][P13]") {
    const std::vector<std::function<void(RpcMessage)>> requests{
        [](RpcMessage message) { message.initBootstrap().setQuestionId(1); },
        [](RpcMessage message) {
            auto call = message.initCall();
            call.setQuestionId(1);
            call.initTarget().setImportedCap(0);
        },
        [](RpcMessage message) { message.initFinish().setQuestionId(1); },
        [](RpcMessage message) { message.initResolve().setPromiseId(0); },
        [](RpcMessage message) { message.initRelease().setReferenceCount(1); },
        [](RpcMessage message) { message.initDisembargo().initTarget().setImportedCap(0); },
        [](RpcMessage message) { message.initProvide().setQuestionId(1); },
        [](RpcMessage message) { message.initAccept().setQuestionId(1); },
        [](RpcMessage message) { message.initJoin().setQuestionId(1); },
        [](RpcMessage message) { message.initUnimplemented().initCall().setQuestionId(2); },
        [](RpcMessage message) { message.initUnimplemented().initReturn().setAnswerId(2); },
    };
    for (const auto& request : requests) {
        co_await expect_violation(rpc_message(request), "no answer");
    }
}

ASYNC_TEST_CASE("answers to questions that were not asked break the channel", "[F62][P14]") {
    co_await expect_violation(value_answer(3, "not asked yet"));
    co_await expect_violation(value_answer(0x7fffffff, "never asked"));
    co_await expect_violation(bootstrap_answer());
    co_await expect_violation(value_answer(1, "once more"));
}

ASYNC_TEST_CASE("an answer that comes twice settles its call once", "[F62][P14]") {
    Linked linked;
    FakeWork first("1");
    FakeWork second("2");
    linked.send(first);
    linked.post(second);
    REQUIRE(linked.say(bootstrap_answer() + value_answer(1, "one") + value_answer(1, "one")));
    REQUIRE_AWAIT(linked.ended(), awaited);
    CHECK_THAT(linked.recorder.violation, contains("ProtocolError"));
    CHECK(linked.recorder.answers.size() == 1);
    CHECK(linked.link->remains().not_begun == std::vector<Work*>{&second});
}

ASYNC_TEST_CASE("an answer to a call that was not begun settles nothing", "[F62][P14]") {
    const std::vector<std::string> answers{
        value_answer(1, "a guess"),
        call_answer(1, [](schema::Outcome::Builder outcome) { outcome.setCancelled(); }),
        return_of(1, [](auto answer) { answer.initException().setReason("not ready"); })};
    for (const std::string& answer : answers) {
        Linked linked;
        FakeWork work("1");
        linked.post(work);
        REQUIRE(linked.say(bootstrap_answer() + answer));
        REQUIRE_AWAIT(linked.ended(), awaited);
        CHECK_THAT(linked.recorder.violation, contains("had not begun"));
        CHECK(linked.recorder.answers.empty());
        CHECK(linked.link->remains().not_begun == std::vector<Work*>{&work});
    }
}

ASYNC_TEST_CASE("answers of the wrong kind break the channel", "[F62][P14]") {
    co_await expect_violation(return_of(2, [](auto answer) { answer.setCanceled(); }));
    co_await expect_violation(return_of(2, [](auto answer) { answer.setResultsSentElsewhere(); }));
    co_await expect_violation(
        return_of(2, [](auto answer) { answer.setTakeFromOtherQuestion(7); }));
    co_await expect_violation(return_of(2, [](auto answer) { answer.initAcceptFromThirdParty(); }));
    // Payloads that only the parent sends, or that lie outside of the shared memory.
    co_await expect_bad_outcome(
        [](schema::Outcome::Builder outcome) { outcome.initValue().initCompressed().setSize(1); });
    co_await expect_bad_outcome(
        [](schema::Outcome::Builder outcome) { outcome.initValue().setShared(1 << 20); });
    co_await expect_bad_outcome(
        [](schema::Outcome::Builder outcome) { outcome.initValue().setShared(~std::uint64_t{0}); });
    // Nobody took the call back.
    co_await expect_bad_outcome([](schema::Outcome::Builder outcome) { outcome.setRevoked(); });
}

ASYNC_TEST_CASE("an outcome of a kind that does not exist breaks the channel", "[F59][P14]") {
    std::string answer =
        call_answer(2, [](schema::Outcome::Builder outcome) { outcome.setRevoked(); });
    const auto kind = answer.rfind('\3');  // revoked is the fourth kind
    REQUIRE(kind != std::string::npos);
    answer[kind] = 77;
    co_await expect_violation(answer, "unknown kind");
}

ASYNC_TEST_CASE("chunks with impossible counts break the channel", "[F62][P14]") {
    struct Row {
        std::uint32_t done;
        bool revoked;
        std::uint64_t shared;
    };

    for (const Row row :
         {Row{4, false, 0},
          Row{0, false, 0},
          Row{0xffffffff, false, 0},
          Row{1, true, 0},
          Row{1, false, 1 << 20}}) {
        CAPTURE(row.done, row.revoked, row.shared);
        Linked linked;
        FakeWork chunk("123", 3);
        linked.send(chunk);
        REQUIRE(linked.say(
            bootstrap_answer() +
            chunk_answer(1, [&row](schema::Worker::ChunkResults::Builder results) {
                results.setRevoked(row.revoked);
                results.initResults().setDone(row.done);
                results.getResults().setShared(row.shared);
            })));
        REQUIRE_AWAIT(linked.ended(), awaited);
        CHECK_THAT(linked.recorder.violation, contains("ProtocolError"));
        CHECK(linked.recorder.answers.empty());
    }
}

ASYNC_TEST_CASE("calls that travel together are settled by one answer, or returned", "[F62]") {
    Linked linked;
    FakeWork first("1");
    FakeWork second("2");
    FakeWork third("3");
    linked.send_together({&first, &second, &third});
    put_items(linked, {"one", "two"});
    REQUIRE(linked.say(bootstrap_answer() + calls_answer(1, [](schema::Results::Builder results) {
                           results.setDone(2);
                           results.setShared(2 * 8);
                       })));
    REQUIRE_AWAIT(linked.answered(2), awaited);
    CHECK(linked.recorder.answers[0].bytes == "one");
    CHECK(linked.recorder.answers[1].work == &second);
    CHECK(linked.recorder.answers[1].bytes == "two");
    CHECK(linked.recorder.returned == std::vector<const Work*>{&third});
    CHECK(linked.recorder.ends == 0);
    CHECK(linked.link->in_flight() == 0);
}

ASYNC_TEST_CASE("impossible answers to calls that travel together break the channel", "[P14]") {
    struct Row {
        std::uint32_t done;
        std::uint64_t shared;
        bool begun;
    };

    for (const Row row :
         {Row{3, 16, true},
          Row{0, 0, true},
          Row{0xffffffff, 16, true},
          Row{2, 15, true},
          Row{2, 1 << 20, true},
          Row{2, ~std::uint64_t{0}, true},
          Row{2, 16, false}}) {
        CAPTURE(row.done, row.shared, row.begun);
        Linked linked;
        FakeWork first("1");
        FakeWork second("2");
        if (row.begun) {
            linked.send_together({&first, &second});
        } else {
            linked.link->send(std::vector<Work*>{&first, &second});
        }
        put_items(linked, {"one", "two"});
        REQUIRE(linked.say(
            bootstrap_answer() + calls_answer(1, [&row](schema::Results::Builder answer) {
                answer.setDone(row.done);
                answer.setShared(row.shared);
            })));
        REQUIRE_AWAIT(linked.ended(), awaited);
        CHECK_THAT(linked.recorder.violation, contains("ProtocolError"));
        CHECK(linked.recorder.returned.empty());
        const std::size_t settled = linked.recorder.answers.size();
        CHECK(settled <= 1);  // the first one, where only the second is cut short
        const auto remains = linked.link->remains();
        CHECK(remains.lost.size() + remains.not_begun.size() == 2 - settled);
    }
}

ASYNC_TEST_CASE("what a worker writes beside its answers is not believed", "[F59][P14]") {
    struct Row {
        std::uint32_t done;
        std::string items;
        std::size_t settled;
    };

    const std::vector<Row> rows{
        {3, item("one") + item("two"), 0},
        {0xffffffff, item("one") + item("two"), 0},
        {2, item("one") + std::string("\7", 1), 1},                  // no such kind
        {2, item("one") + std::string("\0\377\377\377\377", 5), 1},  // beyond the half
    };
    for (const Row& row : rows) {
        CAPTURE(row.done, row.settled);
        Linked linked;
        FakeWork first("1");
        FakeWork second("2");
        linked.send_together({&first, &second});
        const SharedArea area(*linked.page);
        std::memcpy(area.results(kFirstHalf).data(), row.items.data(), row.items.size());
        area.set_progress(1, row.done);
        linked.link->harvest();
        CHECK_THAT(linked.recorder.violation, contains("ProtocolError"));
        CHECK(linked.recorder.answers.size() == row.settled);
        linked.link->harvest();
        CHECK(linked.recorder.answers.size() == row.settled);
        CHECK(linked.link->remains().lost.size() == 2 - row.settled);
        co_await turns();
    }
}

ASYNC_TEST_CASE("an error that Cap'n Proto reports for a call is the call's", "[F62]") {
    for (const auto type :
         {capnp::rpc::Exception::Type::FAILED, capnp::rpc::Exception::Type::DISCONNECTED}) {
        Linked linked;
        FakeWork work("1");
        linked.send(work);
        REQUIRE(linked.say(bootstrap_answer() + return_of(1, [type](auto answer) {
                               auto error = answer.initException();
                               error.setReason("thrown by the server");
                               error.setType(type);
                           })));
        REQUIRE_AWAIT(linked.answered(1), awaited);
        CHECK(linked.recorder.answers[0].kind == Reply::Kind::kError);
        CHECK_THAT(linked.recorder.answers[0].bytes, contains("thrown by the server"));
        CHECK(linked.recorder.ends == 0);
    }
}

ASYNC_TEST_CASE("a worker that gives up the channel settles no call by that", "[F57][F62]") {
    Linked linked;
    FakeWork begun("1");
    FakeWork waiting("2");
    linked.send(begun);
    linked.post(waiting);
    // As Cap'n Proto says farewell when its side of the channel ended.
    REQUIRE(
        linked.say(bootstrap_answer() + abort_message(capnp::rpc::Exception::Type::DISCONNECTED)));
    REQUIRE_AWAIT(linked.ended(), awaited);
    CHECK(linked.recorder.violation == "");
    CHECK(linked.recorder.answers.empty());
    const auto remains = linked.link->remains();
    CHECK(works_of(remains.lost) == std::vector<const Work*>{&begun});
    CHECK(remains.not_begun == std::vector<Work*>{&waiting});
    co_await expect_violation(
        abort_message(capnp::rpc::Exception::Type::FAILED), "the worker had enough");
}

ASYNC_TEST_CASE("answers to what was taken back are dropped", "[F62][P11]") {
    Linked linked;
    FakeWork running("1");
    FakeWork revoked("2");
    FakeWork late("3");
    FakeWork next("4");
    linked.send(running);
    linked.post(revoked);
    linked.post(late);
    const auto taken = linked.link->revoke();
    CHECK(taken == std::vector<Work*>{&revoked, &late});
    CHECK(linked.link->in_flight() == 1);
    linked.post(next);
    linked.begin(4);
    REQUIRE(linked.say(
        bootstrap_answer() + value_answer(1, "one") +
        call_answer(2, [](schema::Outcome::Builder outcome) { outcome.setRevoked(); }) +
        value_answer(3, "too late") + value_answer(4, "four")));
    REQUIRE_AWAIT(linked.answered(2), awaited);
    CHECK(linked.recorder.answers[0].work == &running);
    CHECK(linked.recorder.answers[1].work == &next);
    CHECK(linked.recorder.answers[1].bytes == "four");
    CHECK(linked.recorder.ends == 0);
    CHECK(linked.link->remains().lost.empty());
}

ASYNC_TEST_CASE("a result at the limit passes, a message above it breaks the channel", "[F63]") {
    for (const std::size_t above : {0, 1}) {
        Linked linked({.max_payload_bytes = 1 << 20});
        FakeWork work("1");
        linked.send(work);
        const std::size_t limit =
            ipc::limits_for_payload(linked.options.max_payload_bytes).max_message_bytes;
        std::string bytes(limit, 'x');
        while (value_answer(1, bytes).size() > limit) {
            bytes.resize(bytes.size() - 8);
        }
        bytes.append(above * 8, 'x');
        // The parent reads while this is written: it does not fit into the socket.
        std::string answer = bootstrap_answer() + value_answer(1, bytes);
        REQUIRE(::fcntl(linked.channel.get(), F_SETFL, O_NONBLOCK) == 0);
        while (!answer.empty() && linked.recorder.ends == 0) {
            const ssize_t sent =
                ::send(linked.channel.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
            answer.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : 0);
            co_await turns();
        }
        if (above == 0) {
            REQUIRE_AWAIT(linked.answered(1), awaited);
            CHECK((linked.recorder.answers[0].bytes == bytes));
            CHECK(linked.recorder.ends == 0);
        } else {
            REQUIRE_AWAIT(linked.ended(), awaited);
            CHECK_THAT(linked.recorder.violation, contains("above the limit"));
            CHECK(linked.recorder.answers.empty());
        }
    }
}

ASYNC_TEST_CASE("descriptors attached to answers stay outside", "[P10][F62]") {
    Linked linked;
    FakeWork work("1");
    linked.send(work);
    const UniqueFd null = open_null();
    REQUIRE(linked.say(bootstrap_answer()));
    REQUIRE(send_with(linked.channel, value_answer(1, "one"), std::vector<int>(253, null.get())));
    REQUIRE_AWAIT(linked.answered(1), awaited);
    CHECK(linked.recorder.answers[0].bytes == "one");
    // The leak audit counts what is open now.
}

ASYNC_TEST_CASE("a link that is closed hears the answers to what was sent before", "[F58]") {
    Linked linked;
    FakeWork first("1");
    FakeWork second("2");
    REQUIRE(linked.say(bootstrap_answer()));
    linked.send(first);
    linked.send(second);
    co_await look_around();
    linked.link->close();
    for (const std::uint32_t question : {1, 2}) {
        REQUIRE(linked.say(value_answer(question, "answer")));
        REQUIRE_AWAIT(linked.answered(question), awaited);
        co_await look_around();
    }
    CHECK(linked.recorder.ends == 0);
    REQUIRE(linked.say(abort_message(capnp::rpc::Exception::Type::DISCONNECTED)));
    linked.channel.reset();
    REQUIRE_AWAIT(linked.ended(), awaited);
    CHECK(linked.recorder.violation == "");
}
