// SPDX-License-Identifier: MIT

// What a call throws, takes or gives back that it should not: an error with the reason, and the
// worker stays.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"

#include <aiomisc/ipc/codec/remote_error.h>

#include <array>
#include <map>
#include <new>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

struct Unprintable : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

struct Custom : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct WithoutText {};

void throw_one(int which) {
    switch (which) {
        case 0:
            throw std::invalid_argument("not this");
        case 1:
            throw Custom("mine");
        case 2:
            throw std::system_error(ENOSPC, std::generic_category(), "write");
        case 3:
            throw 7;
        case 4:
            throw "bare text";  // NOLINT(misc-throw-by-value-catch-by-reference)
        case 5:
            throw WithoutText{};
        case 6:
            throw std::runtime_error(std::string(10 << 20, 'x'));
        case 7:
            throw Unprintable();
        case 8:
            throw CancelledError();
        case 9:
            throw SystemError::from_code(ECONNREFUSED, "connect", "/run/x.sock");
        default:
            break;
    }
}

void throw_nested() {
    try {
        throw std::out_of_range("inner");
    } catch (...) {
        std::throw_with_nested(std::runtime_error("outer"));
    }
}

/// Refuses to be encoded or decoded when told to.
struct Stubborn {
    bool refuse_to_leave = false;
    bool refuse_to_arrive = false;

    template <typename Archive>
    void save(Archive& archive) const {
        if (refuse_to_leave) {
            throw std::runtime_error("does not leave");
        }
        archive(refuse_to_leave, refuse_to_arrive);
    }

    template <typename Archive>
    void load(Archive& archive) {
        archive(refuse_to_leave, refuse_to_arrive);
        if (refuse_to_arrive) {
            throw std::runtime_error("does not arrive");
        }
    }
};

int take_stubborn(Stubborn /*value*/) {
    return 1;
}

Stubborn give_stubborn(bool refuse_to_leave, bool refuse_to_arrive) {
    return {refuse_to_leave, refuse_to_arrive};
}

std::vector<std::uint8_t> give_bytes(std::size_t size) {
    return std::vector<std::uint8_t>(size, 1);
}

[[maybe_unused]]
std::size_t allocate(std::size_t bytes) {
    std::vector<char> memory(bytes);
    for (std::size_t at = 0; at < bytes; at += 4096) {
        memory[at] = 1;
    }
    return memory.size();
}

/// Encoded: eight bytes of length, then the elements.
constexpr std::size_t kLengthBytes = 8;

Task<std::string> error_text(WorkerPool& pool, int which) {
    auto outcome = co_await settle(pool.create_task<&throw_one>(which));
    co_return text_of(outcome);
}

}  // namespace

POOL_TEST_CASE("what a call throws arrives with type and text", "[F70][F71][WP-07][WP-14]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    const auto before = pool.pids();
    const auto invalid = co_await error_of<std::invalid_argument>(pool.create_task<&throw_one>(0));
    CHECK(invalid.what() == std::string("not this"));
    const auto custom = co_await error_of<RemoteError>(pool.create_task<&throw_one>(1));
    CHECK_THAT(custom.type_name(), ends_with("Custom"));
    CHECK(custom.message() == "mine");
    const auto system = co_await error_of<std::system_error>(pool.create_task<&throw_one>(2));
    CHECK(system.code() == std::errc::no_space_on_device);
    const auto number = co_await error_of<RemoteError>(pool.create_task<&throw_one>(3));
    CHECK(number.type_name() == "int");
    CHECK(number.message() == "7");
    const auto text = co_await error_of<RemoteError>(pool.create_task<&throw_one>(4));
    CHECK(text.message() == "bare text");
    const auto silent = co_await error_of<RemoteError>(pool.create_task<&throw_one>(5));
    CHECK_THAT(silent.type_name(), ends_with("WithoutText"));
    const auto refused = co_await error_of<SystemError>(pool.create_task<&throw_one>(9));
    CHECK(refused.code() == ECONNREFUSED);
    CHECK(refused.subject() == "/run/x.sock");
    CHECK(pool.pids() == before);
    CHECK(pool.statistics().failed == 7);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("an endless or absent text of an exception is no problem", "[F70][F71]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    const auto before = pool.pids();
    const std::string endless = co_await error_text(pool, 6);
    CHECK(endless.size() > 60'000);
    CHECK(endless.size() < 80'000);
    CHECK_AWAIT_THAT(error_text(pool, 7), awaited, contains("Unprintable"));
    CHECK(pool.pids() == before);
    co_await pool.close();
}

POOL_TEST_CASE("a call that throws CancelledError by itself is cancelled", "[F70][WP-10]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    auto call = pool.create_task<&throw_one>(8);
    const auto outcome = co_await settle(std::move(call));
    CHECK(outcome.cancelled());
    CHECK(pool.statistics().cancelled == 1);
    check_counters(pool);
    co_await pool.close();
}

POOL_TEST_CASE("nested exceptions arrive nested", "[F70]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    bool nested = false;
    try {
        co_await pool.create_task<&throw_nested>();
    } catch (const std::runtime_error& outer) {
        CHECK(outer.what() == std::string("outer"));
        try {
            std::rethrow_if_nested(outer);
        } catch (const std::out_of_range& inner) {
            nested = inner.what() == std::string("inner");
        }
    }
    CHECK(nested);
    co_await pool.close();
}

POOL_TEST_CASE("an argument that cannot be encoded fails before it is sent", "[F72][P14]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    CHECK_THROWS_AS(
        static_cast<void>(pool.create_task<&take_stubborn>(Stubborn{.refuse_to_leave = true})),
        EncodeError);
    CHECK(pool.statistics().submitted == 0);
    CHECK_AWAIT(pool.create_task<&take_stubborn>(Stubborn{}), awaited == 1);
    co_await pool.close();
}

POOL_TEST_CASE("arguments and results that cannot be coded fail their call", "[F73][F74][F75]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    const auto before = pool.pids();
    const auto argument = co_await error_of<EncodeError>(
        pool.create_task<&take_stubborn>(Stubborn{.refuse_to_arrive = true}));
    CHECK_THAT(argument.what(), contains("does not arrive"));
    const auto leaving =
        co_await error_of<EncodeError>(pool.create_task<&give_stubborn>(true, false));
    CHECK_THAT(leaving.what(), contains("does not leave"));
    const auto arriving =
        co_await error_of<EncodeError>(pool.create_task<&give_stubborn>(false, true));
    CHECK_THAT(arriving.what(), contains("does not arrive"));
    CHECK_AWAIT(pool.create_task<&calls::square>(3), awaited == 9);
    CHECK(pool.pids() == before);
    co_await pool.close();
}

POOL_TEST_CASE("payloads at the limit pass, one byte above is refused", "[F63]") {
    auto options = pool_options(1);
    options.max_payload_bytes = 3 << 20;
    const std::size_t largest = options.max_payload_bytes - kLengthBytes;
    // Through the channel, and through shared memory larger than the limit.
    for (const std::size_t shared : {std::size_t{4096}, std::size_t{64} << 20}) {
        options.shared_memory_bytes = shared;
        WorkerPool pool(options);
        co_await pool.start();
        const auto before = pool.pids();
        for (const std::size_t size : {largest - 1, largest}) {
            CHECK_AWAIT(pool.create_task<&calls::echo>(give_bytes(size)), awaited.size() == size);
        }
        CHECK_THROWS_AS(
            static_cast<void>(pool.create_task<&calls::echo>(give_bytes(largest + 1))),
            ipc::PayloadTooLarge);
        const auto too_large =
            co_await error_of<ipc::PayloadTooLarge>(pool.create_task<&give_bytes>(largest + 1));
        CHECK(too_large.limit() == options.max_payload_bytes);
        co_await error_of<ipc::PayloadTooLarge>(pool.create_task<&give_bytes>(largest * 20));
        CHECK_AWAIT(pool.create_task<&give_bytes>(largest), awaited.size() == largest);
        CHECK(pool.pids() == before);
        co_await pool.close();
    }
}

POOL_TEST_CASE("a limit above the default holds on both ends", "[F63]") {
    auto options = pool_options(1);
    options.max_payload_bytes = std::size_t{160} << 20;
    options.shared_memory_bytes = 1 << 20;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    const std::size_t size = std::size_t{100} << 20;
    CHECK_AWAIT(pool.create_task<&calls::echo>(give_bytes(size)), awaited.size() == size);
    co_await pool.close();
}

POOL_TEST_CASE("payloads are compressed on the way when asked for", "[P13]") {
    for (const auto method : {ipc::Compression::kLz4, ipc::Compression::kZstd}) {
        auto options = pool_options(1);
        options.compression = {.method = method, .above_bytes = 1024};
        options.share_above_bytes = std::size_t{1} << 30;
        WorkerPool pool(std::move(options));
        co_await pool.start();
        std::vector<std::uint8_t> bytes(300'000);
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            bytes[at] = static_cast<std::uint8_t>(at / 100);
        }
        CHECK_AWAIT(pool.create_task<&calls::echo>(bytes), awaited == bytes);
        co_await pool.close();
    }
}

#if !defined(AIOMISC_ADDRESS_SANITIZER) && !defined(AIOMISC_THREAD_SANITIZER)

POOL_TEST_CASE("a call that runs out of its memory limit fails, the worker stays", "[F16][S11]") {
    auto options = pool_options(1);
    options.limits.address_space = std::uint64_t{512} << 20;
    WorkerPool pool(std::move(options));
    co_await pool.start();
    const auto before = pool.pids();
    co_await error_of<std::bad_alloc>(pool.create_task<&allocate>(std::size_t{2} << 30));
    CHECK_AWAIT(pool.create_task<&allocate>(std::size_t{1} << 20), awaited == std::size_t{1} << 20);
    CHECK(pool.pids() == before);
    co_await pool.close();
}

#endif
