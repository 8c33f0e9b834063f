// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/codec/buffer.h>

#include "allocation_meter.h"
#include "support/catch.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using aiomisc::ipc::Buffer;
using aiomisc::ipc::FixedArea;
using aiomisc::ipc::PayloadTooLarge;
using aiomisc::ipc::Sink;

namespace {

std::string text_of(const Sink& sink) {
    return {reinterpret_cast<const char*>(sink.data()), sink.size()};
}

void append(Sink& sink, std::string_view text) {
    sink.append(text.data(), text.size());
}

}  // namespace

TEST_CASE("a buffer keeps its first bytes without allocating", "[ipc][buffer]") {
    const aiomisc::test::AllocationMeter meter;
    Buffer buffer;
    for (std::size_t i = 0; i != Buffer::kInlineBytes; ++i) {
        append(buffer, "x");
    }
    CHECK(buffer.capacity() == Buffer::kInlineBytes);
    CHECK(meter.allocations() == 0);
    CHECK(text_of(buffer) == std::string(Buffer::kInlineBytes, 'x'));
}

TEST_CASE("a buffer grows and keeps what it holds", "[ipc][buffer]") {
    Buffer buffer;
    std::string expected;
    for (int i = 0; i != 2000; ++i) {
        const std::string piece = std::to_string(i) + ';';
        append(buffer, piece);
        expected += piece;
    }
    CHECK(text_of(buffer) == expected);
    CHECK(buffer.capacity() >= buffer.size());
}

TEST_CASE("a moved buffer hands over its bytes and is empty and usable again", "[ipc][buffer]") {
    const std::string content = GENERATE(std::string("short"), std::string(1000, 'l'));
    Buffer source;
    append(source, content);
    Buffer target(std::move(source));
    CHECK(text_of(target) == content);
    CHECK(source.empty());  // NOLINT(bugprone-use-after-move): what the test is about
    append(source, "again");
    CHECK(text_of(source) == "again");

    target = std::move(source);
    CHECK(text_of(target) == "again");
    Buffer& itself = target;
    target = std::move(itself);
    CHECK(text_of(target) == "again");
}

TEST_CASE("a buffer refuses to grow past its limit and keeps what it holds", "[ipc][buffer][F63]") {
    const std::size_t limit = GENERATE(std::size_t{8}, std::size_t{48}, std::size_t{1000});
    Buffer buffer(limit);
    append(buffer, std::string(limit, 'a'));
    CHECK(buffer.size() == limit);
    CHECK_THROWS_AS(append(buffer, "b"), PayloadTooLarge);
    CHECK_THROWS_WITH(
        append(buffer, "b"), aiomisc::test::contains(std::to_string(limit) + " bytes"));
    CHECK_THROWS_AS(static_cast<void>(buffer.extend(1)), PayloadTooLarge);
    CHECK_THROWS_AS(buffer.reserve(limit + 1), PayloadTooLarge);
    CHECK(text_of(buffer) == std::string(limit, 'a'));

    Buffer moved(std::move(buffer));
    CHECK_THROWS_AS(append(moved, "b"), PayloadTooLarge);
}

TEST_CASE("a buffer can be filled in place and cut", "[ipc][buffer]") {
    Buffer buffer;
    buffer.reserve(100);
    const std::size_t capacity = buffer.capacity();
    std::byte* place = buffer.extend(100);
    for (int i = 0; i != 100; ++i) {
        place[i] = std::byte{'z'};
    }
    CHECK(buffer.capacity() == capacity);
    CHECK(text_of(buffer) == std::string(100, 'z'));
    buffer.truncate(3);
    CHECK(text_of(buffer) == "zzz");
    buffer.truncate(30);
    CHECK(buffer.size() == 3);
    buffer.clear();
    CHECK(buffer.span().empty());
}

TEST_CASE("a fixed area counts what does not fit and writes nothing behind it", "[ipc][buffer]") {
    std::vector<std::byte> memory(16, std::byte{'.'});
    const std::span<std::byte> all(memory);
    FixedArea area(all.first(8));
    append(area, "12345");
    CHECK_FALSE(area.overflowed());
    append(area, "six to nine");
    CHECK(area.overflowed());
    append(area, "7");
    CHECK(area.required_size() == 17);
    CHECK(text_of(area) == "12345");
    CHECK(memory[5] == std::byte{'.'});
    CHECK(memory[8] == std::byte{'.'});
}

TEST_CASE("a fixed area can be filled to its last byte", "[ipc][buffer]") {
    std::vector<std::byte> memory(8);
    FixedArea area(memory);
    append(area, "12345678");
    append(area, "");
    CHECK_FALSE(area.overflowed());
    CHECK(area.required_size() == 8);
}
