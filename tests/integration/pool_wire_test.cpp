// SPDX-License-Identifier: MIT

// A call that gets at the channel of its own worker: it fails with the reason, its worker is ended
// and replaced, and no other call notices.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"
#include "unit/ipc/stream/wire.h"
#include "unit/worker/pool/fake_worker.h"

#include <aiomisc/runtime/base/error.h>

#include <random>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

/// In a worker: does this with its channel.
template <typename Action>
void with_channel(Action action) {
    for (int fd = 3; fd < 256; ++fd) {
        struct stat status{};
        if (::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) {
            action(fd);
        }
    }
}

std::string garbage(int kind) {
    std::mt19937_64 random(static_cast<std::uint64_t>(kind));
    std::vector<std::uint32_t> table(512 + 2, 0xffffffff);
    table[0] = 511;
    switch (kind) {
        case 0: {
            std::string bytes(4096, '\0');
            for (char& byte : bytes) {
                byte = static_cast<char>(random());
            }
            return bytes;
        }
        case 1:
            return std::string(4096, '\0');
        case 2:
            return header_of({0, 0xffffffff});
        case 3:
            return header_of(table);
        case 4:
            return message_of(100, random()).framed();
        default:
            return value_answer(1000, "nobody asked");
    }
}

void write_garbage(int kind, bool live_on) {
    board().sign();
    wait_at_gate(0);
    const std::string bytes = garbage(kind);
    with_channel([&bytes](int fd) {
        static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    });
    if (live_on) {
        calls::sleep_for_ever();
    }
}

void shut_down(int how, bool live_on) {
    board().sign();
    wait_at_gate(0);
    with_channel([how](int fd) { ::shutdown(fd, how); });
    if (live_on) {
        calls::sleep_for_ever();
    }
}

/// Asks the parent for its capabilities, for ever, and never listens to what it says.
void flood() {
    board().sign();
    wait_at_gate(0);
    std::string requests;
    for (std::uint32_t question = 0; question < 1000; ++question) {
        requests += rpc_message([question](capnp::rpc::Message::Builder message) {
            message.initBootstrap().setQuestionId(question);
        });
    }
    for (;;) {
        with_channel([&requests](int fd) {
            static_cast<void>(::send(fd, requests.data(), requests.size(), MSG_NOSIGNAL));
        });
    }
}

/// Makes a call that misbehaves, while the other worker makes many that do not, and returns how it
/// ended. Its worker is gone then, and there is another.
template <auto kCall, typename... Arguments>
Task<std::string> misbehave(WorkerPool& pool, Arguments... arguments) {
    auto bad = pool.create_task<kCall>(arguments...);
    const bool begun = co_await eventually([] { return board().signers == 1; });
    REQUIRE(begun);
    const pid_t culprit = board().pids[0];
    std::vector<TaskHandle<int>> others;
    for (int x = 0; x < 200; ++x) {
        // A call with a limit is never sent ahead: the worker that misbehaves begins none of them.
        others.push_back(pool.create_task_with<&calls::square>(
            CallOptions{.timeout = std::chrono::minutes(1)}, x));
    }
    board().gates[0] = 1;
    const auto outcome = co_await settle(std::move(bad));
    int right = 0;
    for (int x = 0; x < 200; ++x) {
        right += co_await others[static_cast<std::size_t>(x)] == x * x ? 1 : 0;
    }
    CHECK(right == 200);
    const std::vector<pid_t> gone{culprit};
    CHECK_AWAIT(all_gone(gone, 5s), awaited);
    CHECK_AWAIT(at_full_strength(pool, 5s), awaited);
    const int after = co_await pool.create_task<&calls::square>(12);
    CHECK(after == 144);
    check_counters(pool);
    co_return text_of(outcome);
}

}  // namespace

POOL_TEST_CASE(
    "a call that writes garbage into its channel fails with ProtocolError", "[F59][P14]") {
    for (const bool live_on : {false, true}) {
        for (int kind = 0; kind < 6; ++kind) {
            CAPTURE(live_on, kind);
            board().signers = 0;
            board().gates[0] = 0;
            WorkerPool pool(pool_options(2));
            co_await pool.start();
            const std::string text = co_await misbehave<&write_garbage>(pool, kind, live_on);
            CHECK_THAT(text, contains("ProtocolError"));
            CHECK(pool.statistics().protocol_errors == 1);
            CHECK(pool.statistics().killed == 1);
            CHECK(pool.statistics().died == 1);
            co_await pool.close();
        }
    }
}

POOL_TEST_CASE("a call that ends the output of its channel loses its worker", "[F58]") {
    for (const int how : {int{SHUT_WR}, int{SHUT_RDWR}}) {
        for (const bool live_on : {false, true}) {
            CAPTURE(how, live_on);
            board().signers = 0;
            board().gates[0] = 0;
            WorkerPool pool(pool_options(2));
            co_await pool.start();
            const std::string text = co_await misbehave<&shut_down>(pool, how, live_on);
            CHECK_THAT(text, contains("WorkerDied"));
            if (live_on) {
                CHECK_THAT(text, contains("closed its channel"));
            }
            CHECK(pool.statistics().protocol_errors == 0);
            CHECK(pool.statistics().died == 1);
            co_await pool.close();
        }
    }
}

POOL_TEST_CASE("a call that ends the input of its channel is the last of its worker", "[F58]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    const int how = SHUT_RD;
    const std::string text = co_await misbehave<&shut_down>(pool, how, false);
    CHECK(text == "value");
    CHECK(pool.statistics().died == 0);
    CHECK(pool.statistics().protocol_errors == 0);
    co_await pool.close();
}

POOL_TEST_CASE("a call that floods the parent with requests is ended", "[F62][P13]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    const std::string text = co_await misbehave<&flood>(pool);
    CHECK_THAT(text, contains("ProtocolError"));
    CHECK(pool.statistics().protocol_errors == 1);
    co_await pool.close();
}

POOL_TEST_CASE("workers that end in order break no protocol", "[WP-13]") {
    auto options = pool_options(2);
    options.recycle_after_calls = 3;
    WorkerPool pool(options);
    co_await pool.start();
    for (int x = 0; x < 60; ++x) {
        const int result = co_await pool.create_task<&calls::square>(x);
        CHECK(result == x * x);
    }
    CHECK_AWAIT(eventually([&pool] { return pool.statistics().exited >= 10; }), awaited);
    co_await pool.close();
    CHECK(pool.statistics().recycled >= 10);
    CHECK(pool.statistics().protocol_errors == 0);
    CHECK(pool.statistics().killed == 0);
    CHECK(pool.statistics().died == 0);
}
