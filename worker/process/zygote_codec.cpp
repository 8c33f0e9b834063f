// SPDX-License-Identifier: MIT
#include "codec_support.h"

namespace aiomisc::process {

namespace {

using namespace detail;

void write(schema::ZygoteRequest::Builder root, const SpawnSupervisor&) {
    root.setSpawnSupervisor();
}

void write(schema::ZygoteRequest::Builder root, const KillSupervisor& kill) {
    root.setKillSupervisor(kill.pid);
}

void write(schema::ZygoteReply::Builder root, const ZygoteHello& hello) {
    root.setHello(hello.pid);
}

void write(schema::ZygoteReply::Builder root, const SupervisorSpawned& spawned) {
    root.setSpawned(spawned.pid);
}

void write(schema::ZygoteReply::Builder root, const RequestFailed& failed) {
    root.setFailed(failed.error);
}

void write(schema::ZygoteReply::Builder root, const RequestDone&) {
    root.setDone();
}

decltype(ZygoteRequest::action) read_action(schema::ZygoteRequest::Reader reader) {
    switch (reader.which()) {
        case schema::ZygoteRequest::SPAWN_SUPERVISOR:
            return SpawnSupervisor{};
        case schema::ZygoteRequest::KILL_SUPERVISOR:
            return KillSupervisor{.pid = reader.getKillSupervisor()};
    }
    throw_unknown("request");
}

decltype(ZygoteReply::result) read_result(schema::ZygoteReply::Reader reader) {
    switch (reader.which()) {
        case schema::ZygoteReply::HELLO:
            return ZygoteHello{.pid = reader.getHello()};
        case schema::ZygoteReply::SPAWNED:
            return SupervisorSpawned{.pid = reader.getSpawned()};
        case schema::ZygoteReply::FAILED:
            return RequestFailed{.error = reader.getFailed()};
        case schema::ZygoteReply::DONE:
            return RequestDone{};
    }
    throw_unknown("reply");
}

}  // namespace

std::vector<std::byte> encode(const ZygoteRequest& request) {
    return encode_message<schema::ZygoteRequest>([&](schema::ZygoteRequest::Builder root) {
        root.setSequence(request.sequence);
        std::visit([&](const auto& value) { write(root, value); }, request.action);
    });
}

std::vector<std::byte> encode(const ZygoteReply& reply) {
    return encode_message<schema::ZygoteReply>([&](schema::ZygoteReply::Builder root) {
        root.setSequence(reply.sequence);
        std::visit([&](const auto& value) { write(root, value); }, reply.result);
    });
}

ZygoteRequest decode_zygote_request(std::span<const std::byte> body) {
    return decode_message<schema::ZygoteRequest>(body, [](schema::ZygoteRequest::Reader root) {
        return ZygoteRequest{.sequence = root.getSequence(), .action = read_action(root)};
    });
}

ZygoteReply decode_zygote_reply(std::span<const std::byte> body) {
    return decode_message<schema::ZygoteReply>(body, [](schema::ZygoteReply::Reader root) {
        return ZygoteReply{.sequence = root.getSequence(), .result = read_result(root)};
    });
}

}  // namespace aiomisc::process
