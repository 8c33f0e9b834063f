// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/codec/aggregate_codec.h>

#include "round_trip.h"
#include "support/catch.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

using aiomisc::ipc::Decodable;
using aiomisc::ipc::detail::Codec;
using aiomisc::test::encoded;
using aiomisc::test::round_trip;

namespace {

enum class Kind : std::uint8_t { kFile, kLink };

struct Empty {
    bool operator==(const Empty&) const = default;
};

struct Point {
    float x = 0;
    float y = 0;
    float z = 0;
    bool operator==(const Point&) const = default;
};

struct Padded {
    char tag = 0;
    std::int64_t value = 0;
    bool operator==(const Padded&) const = default;
};

struct Named {
    std::string name;
    std::vector<Point> points;
    bool operator==(const Named&) const = default;
};

struct Everything {
    Kind kind = Kind::kFile;
    bool flag = false;
    Named named;
    std::array<std::string, 2> pair_of_strings;
    std::optional<Point> point;
    std::variant<std::monostate, int, Named> variant;
    std::tuple<int, std::string> tuple;
    std::map<std::string, Named> map;
    std::chrono::milliseconds duration{0};
    std::filesystem::path path;
    Empty empty;
    std::vector<Empty> empties;
    bool operator==(const Everything&) const = default;
};

struct Tree {
    std::string label;
    std::vector<Tree> children;
    bool operator==(const Tree&) const = default;
};

struct Chain {
    int value = 0;
    std::unique_ptr<Chain> next;
};

/// The shape of a JSON value: recursion through a variant of containers.
struct Json {
    std::variant<
        std::monostate,
        bool,
        double,
        std::string,
        std::vector<Json>,
        std::map<std::string, Json>>
        value;
    bool operator==(const Json&) const = default;
};

}  // namespace

static_assert(Decodable<Everything> && Decodable<Tree> && Decodable<Chain> && Decodable<Json>);
static_assert(Codec<Point>::kBlock && Codec<std::array<Point, 2>>::kBlock);
static_assert(!Codec<Padded>::kBlock && !Codec<Named>::kBlock && !Codec<bool>::kBlock);

TEST_CASE("plain aggregates travel without any code", "[ipc][codec]") {
    Everything value;
    value.kind = Kind::kLink;
    value.flag = true;
    value.named = {"n", {{1, 2, 3}, {4, 5, 6}}};
    value.pair_of_strings = {"left", "right"};
    value.point = Point{7, 8, 9};
    value.variant = Named{"in a variant", {}};
    value.tuple = {1, "t"};
    value.map = {{"k", {"v", {}}}};
    value.duration = std::chrono::milliseconds(5);
    value.path = "/a/b";
    value.empties.resize(3);
    CHECK(round_trip(value) == value);
    CHECK(round_trip(Everything()) == Everything());
    CHECK(round_trip(Empty()) == Empty());
    CHECK(round_trip(Padded{'t', -1}) == Padded{'t', -1});
}

TEST_CASE("aggregates that contain themselves travel", "[ipc][codec]") {
    const Tree tree{"root", {{"left", {}}, {"right", {{"leaf", {}}}}}};
    CHECK(round_trip(tree) == tree);

    Chain chain{1, std::make_unique<Chain>(2)};
    const Chain copy = round_trip(chain);
    REQUIRE(copy.next);
    CHECK(copy.next->value == 2);
    CHECK_FALSE(copy.next->next);

    const Json json{std::map<std::string, Json>{
        {"list", {std::vector<Json>{{true}, {1.5}, {std::string("s")}, {std::monostate()}}}}}};
    CHECK(round_trip(json) == json);
}

TEST_CASE("an aggregate without padding is one block", "[ipc][codec]") {
    const std::vector<Point> points(1000, Point{1, 2, 3});
    CHECK(encoded(points).size() == sizeof(std::uint64_t) + 1000 * sizeof(Point));
    CHECK(round_trip(points) == points);
}

TEST_CASE("padding does not leave the process", "[ipc][codec]") {
    alignas(Padded) std::byte memory[sizeof(Padded)];
    std::memset(memory, 0xAA, sizeof(memory));
    const Padded* value = new (memory) Padded;
    for (const std::byte byte : encoded(*value)) {
        CHECK(byte == std::byte{0});
    }
    alignas(long double) std::byte wide[sizeof(long double)];
    std::memset(wide, 0xAA, sizeof(wide));
    const long double* number = new (wide) long double(0);
    for (const std::byte byte : encoded(*number)) {
        CHECK(byte == std::byte{0});
    }
}
