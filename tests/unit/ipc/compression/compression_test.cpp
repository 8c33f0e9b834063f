// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/compression/compression.h>

#include "support/catch.h"

#include <cstddef>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

using aiomisc::EncodeError;
using aiomisc::ipc::compress;
using aiomisc::ipc::Compression;
using aiomisc::ipc::CompressionOptions;
using aiomisc::ipc::decompress;
using aiomisc::test::contains;

namespace {

constexpr std::size_t kLimit = std::size_t{16} * 1024 * 1024;

std::vector<std::byte> repetitive(std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i != size; ++i) {
        bytes[i] = static_cast<std::byte>(i % 50 + i / 1000);
    }
    return bytes;
}

std::vector<std::byte> noise(std::size_t size) {
    std::mt19937 random(7);
    std::vector<std::byte> bytes(size);
    for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(random());
    }
    return bytes;
}

bool same(std::span<const std::byte> a, std::span<const std::byte> b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

TEST_CASE("a compressed payload is smaller and comes back whole", "[ipc][compression]") {
    const auto method = GENERATE(Compression::kLz4, Compression::kZstd);
    const int level = GENERATE(-3, 0, 1, 9, 1'000'000);
    const auto payload = repetitive(200'000);
    const auto compressed = compress({method, 1024, level}, payload);
    REQUIRE(compressed);
    CHECK(compressed->size() < payload.size() / 2);
    CHECK(same(decompress(method, compressed->span(), payload.size(), kLimit).span(), payload));
}

TEST_CASE("the fastest level there is may not shrink, but does not fail", "[ipc][compression]") {
    const auto method = GENERATE(Compression::kLz4, Compression::kZstd);
    const auto payload = repetitive(200'000);
    if (const auto compressed = compress({method, 0, std::numeric_limits<int>::min()}, payload)) {
        CHECK(same(decompress(method, compressed->span(), payload.size(), kLimit).span(), payload));
    }
}

TEST_CASE("a payload goes as it is where compressing does not pay", "[ipc][compression]") {
    const auto method = GENERATE(Compression::kLz4, Compression::kZstd);
    const CompressionOptions options{.method = method, .above_bytes = 1000};
    CHECK_FALSE(compress(options, repetitive(1000)));
    CHECK(compress(options, repetitive(1001)));
    CHECK_FALSE(compress(options, noise(100'000)));
    CHECK_FALSE(compress({.method = method, .above_bytes = 0}, {}));
    CHECK_FALSE(compress({}, repetitive(100'000)));
}

TEST_CASE("a stated size beyond the limit is refused unseen", "[ipc][compression][F63]") {
    const auto method = GENERATE(Compression::kLz4, Compression::kZstd);
    const auto payload = repetitive(10'000);
    const auto compressed = compress({method, 0, 0}, payload);
    REQUIRE(compressed);
    CHECK(decompress(method, compressed->span(), 10'000, 10'000).size() == 10'000);
    CHECK_THROWS_WITH(
        decompress(method, compressed->span(), 10'000, 9'999), contains("exceed the limit"));
}

TEST_CASE("another size than stated is refused", "[ipc][compression]") {
    const auto method = GENERATE(Compression::kLz4, Compression::kZstd);
    const std::size_t stated = GENERATE(0U, 1U, 9'999U, 10'001U, 16'000'000U);
    const auto payload = repetitive(10'000);
    const auto compressed = compress({method, 0, 0}, payload);
    REQUIRE(compressed);
    CHECK_THROWS_AS(decompress(method, compressed->span(), stated, kLimit), EncodeError);
}

TEST_CASE("a corrupt payload decompresses or is refused", "[ipc][compression]") {
    const auto method = GENERATE(Compression::kLz4, Compression::kZstd);
    const auto payload = repetitive(10'000);
    const auto compressed = compress({method, 0, 0}, payload);
    REQUIRE(compressed);
    const std::vector<std::byte> whole(compressed->span().begin(), compressed->span().end());
    const auto attempt = [&](const std::vector<std::byte>& bytes) {
        try {
            if (decompress(method, bytes, payload.size(), kLimit).size() != payload.size()) {
                FAIL("another size than stated");
            }
        } catch (const EncodeError&) {  // NOLINT(bugprone-empty-catch): the other legal outcome
        }
    };
    for (std::size_t size = 0; size != whole.size(); ++size) {
        const std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<long>(size));
        CHECK_THROWS_AS(decompress(method, cut, payload.size(), kLimit), EncodeError);
    }
    std::mt19937 random(3);
    for (int round = 0; round != 2000; ++round) {
        auto bytes = whole;
        bytes[random() % bytes.size()] ^= std::byte{1} << (random() % 8);
        attempt(bytes);
    }
    attempt(noise(1000));
}

TEST_CASE("an unknown method is refused", "[ipc][compression]") {
    const auto payload = repetitive(100);
    CHECK_THROWS_AS(decompress(Compression::kNone, payload, 100, kLimit), EncodeError);
    CHECK_THROWS_AS(decompress(static_cast<Compression>(9), payload, 100, kLimit), EncodeError);
}
