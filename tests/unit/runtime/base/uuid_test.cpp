// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/uuid.h>

#include "support/catch.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <set>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;

namespace {

/// When a version 1 UUID says it was made.
std::chrono::system_clock::time_point time_of(const Uuid& uuid) {
    const auto& bytes = uuid.bytes;
    std::uint64_t ticks = bytes[6] & 0x0FU;
    for (const std::size_t at : {7, 4, 5, 0, 1, 2, 3}) {
        ticks = ticks << 8 | bytes[at];
    }
    using Ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            Ticks(static_cast<std::int64_t>(ticks - 0x01B21DD213814000))));
}

}  // namespace

TEST_CASE("a UUID is written as everywhere", "[UT-08]") {
    Uuid uuid;
    for (std::size_t index = 0; index < uuid.bytes.size(); ++index) {
        uuid.bytes[index] = static_cast<std::uint8_t>(index * 17);
    }
    CHECK(uuid.str() == "00112233-4455-6677-8899-aabbccddeeff");
}

TEST_CASE("random UUIDs differ, and say that they are random", "[UT-08]") {
    std::set<Uuid> seen;
    for (int number = 0; number < 100000; ++number) {
        const Uuid uuid = fast_uuid4();
        REQUIRE(uuid.version() == 4);
        REQUIRE((uuid.bytes[8] & 0xC0U) == 0x80);
        seen.insert(uuid);
    }
    CHECK(seen.size() == 100000);
}

TEST_CASE("UUIDs of version 1 differ, and tell their time", "[UT-08]") {
    const auto begin = std::chrono::system_clock::now() - std::chrono::microseconds(1);
    std::set<Uuid> seen;
    for (int number = 0; number < 10000; ++number) {
        const Uuid uuid = fast_uuid1();
        REQUIRE(uuid.version() == 1);
        REQUIRE((uuid.bytes[8] & 0xC0U) == 0x80);
        REQUIRE((uuid.bytes[10] & 1U) == 1);
        seen.insert(uuid);
        const auto time = time_of(uuid);
        REQUIRE(time >= begin);
        REQUIRE(time <= std::chrono::system_clock::now());
    }
    CHECK(seen.size() == 10000);
}

TEST_CASE("threads make UUIDs of their own", "[UT-08]") {
    std::array<Uuid, 2> made;
    std::thread first([&made] { made[0] = fast_uuid4(); });
    std::thread second([&made] { made[1] = fast_uuid4(); });
    first.join();
    second.join();
    CHECK(made[0] != made[1]);
    CHECK(made[0] != fast_uuid4());
}

TEST_CASE("a forked child makes UUIDs of its own", "[UT-08]") {
    static_cast<void>(fast_uuid4());
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const Uuid made = fast_uuid4();
        const ssize_t written = ::write(ends[1], made.bytes.data(), made.bytes.size());
        ::_exit(written == 16 ? 0 : 1);
    }
    Uuid of_child;
    CHECK(::read(ends[0], of_child.bytes.data(), of_child.bytes.size()) == 16);
    int status = -1;
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(of_child != fast_uuid4());
}
