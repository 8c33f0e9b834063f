// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/control_messages.h>

#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>

#include <random>

using namespace aiomisc;
using namespace aiomisc::process;
using namespace std::chrono_literals;

namespace {

PoolSetup full_setup() {
    return {
        .name = "thumbnails",
        .initializer = FunctionId{.module = 0x1122334455667788, .offset = 99},
        .initializer_use = InitializerUse::kWorker,
        .initializer_path = "/opt/\xff/module.so",
        .initializer_argument = {std::byte{0}, std::byte{255}},
        .log_level = "debug",
        .log_format = "json",
        .log_date_format = "%H:%M",
        .limits =
            {.address_space = 1ULL << 40,
             .data = 2,
             .cpu_seconds = 3,
             .open_files = 4,
             .processes = 5,
             .file_size = 6,
             .core = 0},
        .nice = -5,
        .worker_oom_score_adjust = 500,
        .supervisor_oom_score_adjust = -10};
}

const std::vector<SupervisorCommand>& all_commands() {
    static const std::vector<SupervisorCommand> commands{
        PoolSetup{},
        full_setup(),
        PoolSetup{.initializer_use = InitializerUse::kMain},
        SpawnWorker{.child = {1, 2}},
        SpawnWorker{.child = {1, 2}, .has_stdout = true, .has_stderr = true},
        SpawnCommand{
            .child = {3, 4},
            .arguments = {"echo", "", "\xff not UTF-8"},
            .inherit_environment = false,
            .environment = {"A=1"},
            .working_directory = "/tmp",
            .nice = 7,
            .grouping = Grouping::kSession,
            .has_stdin = true,
            .has_stdout = true,
            .has_stderr = true},
        SpawnCommand{.child = {3, 4}, .arguments = {"true"}, .grouping = Grouping::kShared},
        Interrupt{.child = {5, 6}},
        Kill{.child = {7, 8}, .signal = 15, .scope = KillScope::kGroup},
        Kill{.child = {7, 8}, .signal = 9, .scope = KillScope::kTree},
        Kill{.child = {7, 8}, .signal = 9, .scope = KillScope::kProcess},
        Shutdown{.grace = 1500ms}};
    return commands;
}

const std::vector<SupervisorEvent>& all_events() {
    static const std::vector<SupervisorEvent> events{
        Ready{.pid = 10},
        InitializerFailed{.type = "std::bad_alloc", .message = "no memory"},
        Spawned{.child = {1, 2}, .pid = 11},
        SpawnFailed{.child = {1, 2}, .error = 11, .operation = "fork"},
        Exited{
            .child = {1, 2},
            .pid = 11,
            .wait_status = 0x86,
            .max_rss_bytes = 1ULL << 33,
            .user_time = 12345us,
            .system_time = 1us,
            .launch_step = LaunchStep::kExecute,
            .launch_error = 2},
        Stopped{.child = {1, 2}, .signal = 19},
        Continued{.child = {1, 2}},
        Warning{.text = "something"},
        SupervisorExited{.wait_status = 9}};
    return events;
}

template <typename Decode>
void expect_no_harm(std::vector<std::byte> body, Decode decode) {
    try {
        decode(body);
    } catch (const ProtocolError&) {
        SUCCEED("refused");
    }
}

}  // namespace

TEST_CASE("every command arrives as it was sent") {
    for (const SupervisorCommand& command : all_commands()) {
        CAPTURE(command.index());
        CHECK(decode_supervisor_command(encode(command)) == command);
    }
}

TEST_CASE("every event arrives as it was sent") {
    for (const SupervisorEvent& event : all_events()) {
        CAPTURE(event.index());
        CHECK(decode_supervisor_event(encode(event)) == event);
    }
}

TEST_CASE("requests to the zygote and its replies arrive as they were sent") {
    for (const auto& request :
         {ZygoteRequest{.sequence = 1, .action = SpawnSupervisor{}},
          ZygoteRequest{.sequence = 2, .action = KillSupervisor{.pid = 4}}}) {
        CHECK(decode_zygote_request(encode(request)) == request);
    }
    for (const auto& reply :
         {ZygoteReply{.sequence = 0, .result = ZygoteHello{.pid = 3}},
          ZygoteReply{.sequence = 1, .result = SupervisorSpawned{.pid = 4}},
          ZygoteReply{.sequence = 2, .result = RequestFailed{.error = 11}},
          ZygoteReply{.sequence = 3, .result = RequestDone{}}}) {
        CHECK(decode_zygote_reply(encode(reply)) == reply);
    }
}

TEST_CASE("a time beyond reason is cut, not overflown") {
    const auto command = decode_supervisor_command(
        encode(SupervisorCommand(Shutdown{.grace = std::chrono::milliseconds::max()})));
    CHECK(std::get<Shutdown>(command).grace == 24h);
    const auto negative =
        decode_supervisor_command(encode(SupervisorCommand(Shutdown{.grace = -5ms})));
    CHECK(std::get<Shutdown>(negative).grace == 0ms);
}

TEST_CASE("a string that the system would cut short is refused", "[P14]") {
    SpawnCommand command{.child = {1, 1}, .arguments = {std::string("rm\0-rf", 6)}};
    CHECK_THROWS_AS(decode_supervisor_command(encode(SupervisorCommand(command))), ProtocolError);
}

TEST_CASE("bytes that are no message are refused", "[P14][F59]") {
    const std::vector<std::byte> empty;
    CHECK_THROWS_AS(decode_supervisor_event(empty), ProtocolError);
    CHECK_THROWS_AS(decode_supervisor_event(std::vector(7, std::byte{1})), ProtocolError);
    CHECK_THROWS_AS(decode_supervisor_event(std::vector(64, std::byte{0xff})), ProtocolError);
    CHECK_THROWS_AS(decode_supervisor_command(std::vector(64, std::byte{0xff})), ProtocolError);
    CHECK_THROWS_AS(decode_zygote_request(std::vector(64, std::byte{0xff})), ProtocolError);
    CHECK_THROWS_AS(decode_zygote_reply(std::vector(64, std::byte{0xff})), ProtocolError);
}

TEST_CASE("a message cut anywhere, or with a byte changed, does no harm", "[P14][F59][F60]") {
    std::minstd_rand random(20240229);
    const auto torment = [&](const std::vector<std::byte>& whole, auto decode) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            expect_no_harm(
                {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, decode);
        }
        for (int round = 0; round < 2000; ++round) {
            std::vector<std::byte> changed = whole;
            changed[random() % changed.size()] = static_cast<std::byte>(random());
            expect_no_harm(std::move(changed), decode);
        }
    };
    for (const SupervisorCommand& command : all_commands()) {
        torment(encode(command), &decode_supervisor_command);
    }
    for (const SupervisorEvent& event : all_events()) {
        torment(encode(event), &decode_supervisor_event);
    }
}
