// SPDX-License-Identifier: MIT

// A worker may have been taken over by the data it parses: whatever it sends must decode to a legal
// value or fail with an EncodeError, in bounded memory. Run under ASan and UBSan these cases prove
// it.

#include "allocation_meter.h"
#include "round_trip.h"
#include "support/catch.h"

#include <aiomisc/ipc/codec/arguments.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

using aiomisc::EncodeError;
using aiomisc::ipc::decode;
using aiomisc::test::contains;
using aiomisc::test::encoded;

namespace {

enum class Flag : bool { kOff, kOn };

struct Leaf {
    std::string text;
    std::optional<int> number;
    bool operator==(const Leaf&) const = default;
};

struct Tree {
    std::vector<Tree> children;
};

struct Kitchen {
    std::vector<Leaf> leaves;
    std::map<std::string, std::vector<double>> map;
    std::unordered_map<int, std::string> hash;
    std::variant<std::monostate, int, Leaf> variant;
    std::list<std::vector<bool>> bits;
    std::deque<std::string> deque;
    std::set<int> set;
    std::vector<std::shared_ptr<Leaf>> shared;
    std::unique_ptr<Leaf> unique;
    std::tuple<char, Flag, std::string> tuple;
};

Kitchen make_kitchen() {
    Kitchen kitchen;
    kitchen.leaves = {{"one", 1}, {"two", {}}};
    kitchen.map = {{"a", {1, 2}}, {"b", {}}};
    kitchen.hash = {{1, "x"}, {2, "y"}};
    kitchen.variant = Leaf{"in", 3};
    kitchen.bits = {{true, false}, {}};
    kitchen.deque = {"d"};
    kitchen.set = {1, 2, 3};
    kitchen.shared = {std::make_shared<Leaf>(), nullptr};
    kitchen.shared.push_back(kitchen.shared[0]);
    kitchen.unique = std::make_unique<Leaf>(Leaf{"u", 4});
    kitchen.tuple = {'c', Flag::kOn, "t"};
    return kitchen;
}

/// Decodes, and accepts nothing but a value or an EncodeError. Returns whether there was a value.
template <typename T>
bool decodes(const std::vector<std::byte>& bytes) {
    try {
        static_cast<void>(decode<T>(bytes));
        return true;
    } catch (const EncodeError&) {
        return false;
    }
}

void put_length(std::vector<std::byte>& bytes, std::size_t at, std::uint64_t length) {
    std::memcpy(bytes.data() + at, &length, sizeof(length));
}

}  // namespace

TEST_CASE("a value cut short anywhere is refused", "[ipc][codec][F73]") {
    const auto whole = encoded(make_kitchen());
    REQUIRE(decodes<Kitchen>(whole));
    for (std::size_t size = 0; size != whole.size(); ++size) {
        const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<long>(size));
        INFO("the first " << size << " bytes");
        CHECK_FALSE(decodes<Kitchen>(cut));
    }
}

TEST_CASE("bytes behind a value are refused", "[ipc][codec][F73]") {
    auto bytes = encoded(make_kitchen());
    bytes.push_back(std::byte{0});
    CHECK_THROWS_WITH(decode<Kitchen>(bytes), contains("1 bytes are left behind the last value"));
}

TEST_CASE("a value with flipped bits decodes or is refused", "[ipc][codec][F73]") {
    const auto whole = encoded(make_kitchen());
    std::mt19937 random(GENERATE(1U, 2U, 3U, 4U));
    std::uniform_int_distribution<std::size_t> position(0, whole.size() * 8 - 1);
    for (int round = 0; round != 2000; ++round) {
        auto bytes = whole;
        for (int flip = 0; flip <= round % 4; ++flip) {
            const std::size_t bit = position(random);
            bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        }
        const aiomisc::test::AllocationMeter meter;
        static_cast<void>(decodes<Kitchen>(bytes));
        CHECK(meter.peak_bytes() < 64 * 1024);
    }
}

TEST_CASE("every byte set to every extreme decodes or is refused", "[ipc][codec][F73]") {
    const auto whole = encoded(make_kitchen());
    for (std::size_t at = 0; at != whole.size(); ++at) {
        for (const unsigned char value : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
            auto bytes = whole;
            bytes[at] = std::byte{value};
            static_cast<void>(decodes<Kitchen>(bytes));
        }
    }
}

TEMPLATE_TEST_CASE(
    "a claimed length larger than the input allocates nothing",
    "[ipc][codec][F73]",
    std::string,
    std::u32string,
    std::vector<int>,
    std::vector<bool>,
    std::vector<std::string>,
    std::vector<std::tuple<>>,
    std::deque<std::string>,
    std::list<int>,
    (std::map<int, int>),
    std::set<std::string>,
    (std::unordered_map<int, int>)) {
    const std::uint64_t length = GENERATE(
        std::uint64_t{9},
        std::uint64_t{1} << 32U,
        std::uint64_t{1} << 61U,
        std::uint64_t{1} << 62U,
        std::numeric_limits<std::uint64_t>::max());
    std::vector<std::byte> bytes(sizeof(length) + 8);
    put_length(bytes, 0, length);
    std::size_t peak = 0;
    {
        const aiomisc::test::AllocationMeter meter;
        CHECK_FALSE(decodes<TestType>(bytes));
        peak = meter.peak_bytes();
    }
    CHECK(peak < 8 * 1024);  // the text of the error
}

TEST_CASE("a length that the input could hold is believed only as elements come", "[ipc][codec]") {
    // Says 1 Mi strings, which fit by the byte, but the first of them is broken.
    std::vector<std::byte> bytes(sizeof(std::uint64_t) + 1024 * 1024, std::byte{0xFF});
    put_length(bytes, 0, 1024 * 1024);
    const aiomisc::test::AllocationMeter meter;
    CHECK_FALSE(decodes<std::vector<std::string>>(bytes));
    CHECK(meter.peak_bytes() < 16 * 1024);
}

TEST_CASE("memory grows with what was sent, not with what was claimed", "[ipc][codec]") {
    const std::vector<std::string> honest(10'000);
    const auto bytes = encoded(honest);
    const aiomisc::test::AllocationMeter meter;
    CHECK(decode<std::vector<std::string>>(bytes) == honest);
    // 8 bytes sent for a string of 32, and a growing vector holds its old memory and twice that at
    // once.
    CHECK(meter.peak_bytes() <= 3 * 2 * sizeof(std::string) * honest.size());
}

TEST_CASE("an aligned block reaches its vector in one allocation", "[ipc][codec]") {
    const auto bytes = encoded(std::vector<double>(100'000, 1.0));
    const aiomisc::test::AllocationMeter meter;
    const auto copy = decode<std::vector<double>>(bytes);
    CHECK(meter.allocations() == 1);
    CHECK(copy.size() == 100'000);
}

TEST_CASE("nesting is bounded in both directions", "[ipc][codec][F73]") {
    Tree tree;
    for (unsigned depth = 1; depth != aiomisc::ipc::kMaxDepth; ++depth) {
        Tree parent;
        parent.children.push_back(std::move(tree));
        tree = std::move(parent);
    }
    CHECK(decodes<Tree>(encoded(tree)));
    Tree deeper;
    deeper.children.push_back(std::move(tree));
    CHECK_THROWS_WITH(encoded(deeper), contains("nested too deeply"));

    // A million levels, each a vector of one.
    std::vector<std::byte> bytes(1'000'000 * sizeof(std::uint64_t));
    for (std::size_t at = 0; at != bytes.size(); at += sizeof(std::uint64_t)) {
        put_length(bytes, at, 1);
    }
    CHECK_THROWS_WITH(decode<Tree>(bytes), contains("nested too deeply"));
}

TEST_CASE("values that no honest encoder writes are refused", "[ipc][codec][F73]") {
    const std::vector<std::byte> two{std::byte{2}};
    CHECK_THROWS_WITH(decode<bool>(two), contains("is neither true nor false"));
    CHECK_THROWS_AS(decode<Flag>(two), EncodeError);
    CHECK_THROWS_AS(decode<std::optional<int>>(two), EncodeError);
    CHECK_THROWS_AS(decode<std::unique_ptr<int>>(two), EncodeError);
    CHECK_THROWS_AS(decode<std::monostate>(two), EncodeError);
    CHECK_THROWS_WITH(
        (decode<std::variant<std::monostate, bool>>(two)), contains("has no alternative 2"));

    auto twice = encoded(std::vector<std::pair<int, int>>{{1, 1}, {2, 2}});
    CHECK(decodes<std::map<int, int>>(twice));
    twice = encoded(std::vector<std::pair<int, int>>{{1, 1}, {1, 2}});
    CHECK_THROWS_WITH((decode<std::map<int, int>>(twice)), contains("has a key twice"));
    CHECK_THROWS_AS((decode<std::unordered_map<int, int>>(twice)), EncodeError);
}

TEST_CASE("an error says what was decoded, where and why", "[ipc][codec]") {
    const auto bytes = encoded(Leaf{"text", {}});
    const std::vector<std::byte> cut(bytes.begin(), bytes.end() - 3);
    CHECK_THROWS_WITH(
        decode<Leaf>(cut),
        contains("Leaf, std::string at byte 8 of 10: claims 4 elements, but 2 bytes are left"));
}

#ifndef AIOMISC_THREAD_SANITIZER  // the race is the point, and harmless: what was read once stays
TEST_CASE("a length changed while it is decoded does no harm", "[ipc][codec]") {
    const auto honest = encoded(std::vector<std::string>{"first", "second"});
    alignas(8) std::byte shared[128];
    std::memcpy(shared, honest.data(), honest.size());
    const std::span<const std::byte> input(shared, honest.size());

    std::atomic<bool> stop{false};
    std::thread other([&] {
        std::atomic_ref length(*reinterpret_cast<std::uint64_t*>(shared));
        while (!stop.load(std::memory_order_relaxed)) {
            length.store(std::numeric_limits<std::uint64_t>::max(), std::memory_order_relaxed);
            length.store(2, std::memory_order_relaxed);
        }
    });
    for (int round = 0; round != 20'000; ++round) {
        try {
            const auto strings = decode<std::vector<std::string>>(input);
            if (strings.size() != 2) {
                FAIL("decoded " << strings.size() << " strings");
            }
        } catch (const EncodeError&) {  // NOLINT(bugprone-empty-catch): the other legal outcome
        }
    }
    stop.store(true);
    other.join();
}
#endif
