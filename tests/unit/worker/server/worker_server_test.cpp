// SPDX-License-Identifier: MIT

// A worker's server against a parent that says what it must not: it answers what it can, and ends.

#include <aiomisc/worker/server/worker_server.h>

#include "support/catch.h"
#include "support/stderr_capture.h"
#include "unit/ipc/stream/wire.h"
#include "unit/worker/pool/fake_worker.h"

#include <aiomisc/ipc/codec/arguments.h>
#include <aiomisc/ipc/stream/socket_io.h>
#include <aiomisc/worker/call/shared_area.h>
#include <aiomisc/worker/registry/registry.h>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace aiomisc;
using namespace aiomisc::test;
using RpcMessage = capnp::rpc::Message::Builder;
using CallParams = schema::Worker::CallParams::Builder;

namespace {

constexpr std::size_t kMaxPayload = std::size_t{64} << 10;

int square(int x) {
    return x * x;
}

using Square = detail::FunctionSignature<&square>;

std::string bootstrap_request() {
    return rpc_message([](RpcMessage message) { message.initBootstrap().setQuestionId(0); });
}

/// A call of square(7), changed by `change`. The worker is the first thing its server exports.
std::string call_request(
    std::uint32_t question, const std::function<void(CallParams)>& change = [](CallParams) {}) {
    return rpc_message([&](RpcMessage message) {
        auto call = message.initCall();
        call.setQuestionId(question);
        call.initTarget().setImportedCap(0);
        call.setInterfaceId(capnp::typeId<schema::Worker>());
        call.setMethodId(0);
        auto parameters = call.initParams().getContent().initAs<schema::Worker::CallParams>();
        parameters.setSequence(question);
        const auto key = detail::key_of(Square::Thunk::kRegistration.thunk());
        parameters.initFunction().setModule(key.module);
        parameters.getFunction().setOffset(key.offset);
        ipc::Buffer arguments;
        Square::encode(arguments, 7);
        const auto bytes = std::as_const(arguments).span();
        parameters.initArguments().setInline(
            {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()});
        change(parameters);
    });
}

/// What a server made of the bytes a parent sent.
struct Served {
    int status = -1;
    std::string log;
    std::map<std::uint32_t, std::string> answers;  // by question: `value`, `revoked`, or an error
};

std::string text_of(capnp::rpc::Return::Reader answer) {
    if (answer.isException()) {
        return answer.getException().getReason().cStr();
    }
    const auto outcome =
        answer.getResults().getContent().getAs<schema::Worker::CallResults>().getOutcome();
    switch (outcome.which()) {
        case schema::Outcome::VALUE:
            return "value";
        case schema::Outcome::ERROR:
            return std::string(outcome.getError().asChars().begin(), outcome.getError().size());
        case schema::Outcome::CANCELLED:
            return "cancelled";
        case schema::Outcome::REVOKED:
            return "revoked";
    }
    return "?";
}

/// Has a server read the bytes; `closed`: and then the end of the channel.
Served serve(const std::string& bytes, bool closed = true) {
    auto [parent, worker] = socket_pair();
    REQUIRE(send_all(parent, bytes));
    if (closed) {
        ::shutdown(parent.get(), SHUT_WR);
    }
    // A server that waits for more where it should end says so, and does not hang.
    const timeval limit{10, 0};
    ::setsockopt(worker.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    auto page = process::WorkerPage::create(detail::SharedArea::page_bytes(4096)).first;
    Served served;
    {
        const StderrCapture capture;
        served.status = detail::serve(1, std::move(worker), page, kMaxPayload);
        served.log = capture.text();
    }

    ipc::FrameDecoder decoder(ipc::StreamLimits{});
    for (;;) {
        std::vector<kj::AutoCloseFd> descriptors;
        const long count = ipc::receive_some(parent.get(), decoder.space(), 0, descriptors);
        if (count <= 0) {
            return served;
        }
        decoder.filled(static_cast<std::size_t>(count), {});
        while (decoder.has_message()) {
            auto message = decoder.take({});
            const auto root = message->getRoot<capnp::rpc::Message>();
            if (root.isReturn() && root.getReturn().getAnswerId() > 0) {
                served.answers[root.getReturn().getAnswerId()] = text_of(root.getReturn());
            }
        }
    }
}

}  // namespace

TEST_CASE("a server answers, and ends with its channel", "[F57]") {
    const Served served = serve(bootstrap_request() + call_request(1) + call_request(2));
    CHECK(served.status == 0);
    CHECK(served.answers == std::map<std::uint32_t, std::string>{{1, "value"}, {2, "value"}});
}

TEST_CASE("a server ends wherever the bytes of its parent end", "[F60]") {
    const std::string start = bootstrap_request() + call_request(1);
    const std::string bytes = start + call_request(2);
    for (std::size_t end = 0; end < bytes.size(); ++end) {
        CAPTURE(end);
        const Served served = serve(bytes.substr(0, end));
        CHECK(served.status == 0);
        CHECK(served.answers.size() == (end >= start.size() ? 1 : 0));
    }
}

TEST_CASE("garbage ends a server, though its channel stays open", "[F59]") {
    std::mt19937_64 random(59);
    std::string noise(512, '\0');
    for (char& byte : noise) {
        byte = static_cast<char>(random());
    }
    std::vector<std::uint32_t> table(512 + 2, 0xffffffff);
    table[0] = 511;
    for (const std::string& bytes :
         {noise,
          std::string(512, '\0'),
          header_of({0, 0xffffffff}),
          header_of({512, 0}),
          header_of(table),
          message_of(50).framed(),
          rpc_message([](RpcMessage message) { message.initReturn().setAnswerId(7); })}) {
        CAPTURE(bytes.size());
        for (const std::string& before : {std::string(), bootstrap_request() + call_request(1)}) {
            const Served served = serve(before + bytes + call_request(2), false);
            CHECK(served.answers.count(2) == 0);
            CHECK(served.log.find("temporarily unavailable") == std::string::npos);
        }
    }
}

TEST_CASE("what a call asks wrongly is an error of that call", "[F62]") {
    struct Row {
        std::function<void(CallParams)> change;
        std::string text;
    };

    const std::vector<Row> rows{
        {[](CallParams call) { call.getFunction().setOffset(1); }, "not registered"},
        {[](CallParams call) { call.getFunction().setModule(1); }, "not registered"},
        {[](CallParams call) { call.getArguments().setShared(1 << 20); }, "larger than the shared"},
        {[](CallParams call) { call.getArguments().setShared(~std::uint64_t{0}); }, "larger"},
        {[](CallParams call) { call.getArguments().initInline(1); }, "Error"},
        {[](CallParams call) { call.getArguments().initInline(5000); }, "Error"},
        {[](CallParams call) { call.getArguments().initCompressed().setSize(~std::uint64_t{0}); },
         "Error"},
        {[](CallParams call) {
             auto compressed = call.getArguments().initCompressed();
             compressed.setMethod(schema::Compression::LZ4);
             compressed.initData(100);
             compressed.setSize(1000);
         },
         "Error"},
        {[](CallParams call) { call.setHalf(static_cast<schema::Half>(9)); }, "value"},
        {[](CallParams call) { call.setSequence(0); }, "revoked"},
        {[](CallParams call) { call.setSequence(0x80000001); }, "revoked"},
    };
    for (const Row& row : rows) {
        const Served served =
            serve(bootstrap_request() + call_request(1, row.change) + call_request(2));
        CHECK(served.status == 0);
        REQUIRE(served.answers.count(1) == 1);
        CHECK_THAT(served.answers.at(1), contains(row.text));
        CHECK(served.answers.at(2) == "value");
    }
}

TEST_CASE("a call that comes twice is made once", "[F62][P1]") {
    const Served served = serve(
        bootstrap_request() + call_request(1) +
        call_request(2, [](CallParams call) { call.setSequence(1); }) + call_request(3));
    CHECK(served.status == 0);
    CHECK(
        served.answers ==
        std::map<std::uint32_t, std::string>{{1, "value"}, {2, "revoked"}, {3, "value"}});
}
