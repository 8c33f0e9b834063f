// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/codec/pointer_codec.h>

#include "round_trip.h"
#include "support/catch.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

using aiomisc::ipc::decode;
using aiomisc::test::contains;
using aiomisc::test::encoded;
using aiomisc::test::round_trip;

namespace {

struct Node {
    std::string name;
    std::vector<std::shared_ptr<Node>> links;
};

struct Interface {
    virtual ~Interface() = default;
    int value = 0;
};

struct Final final : Interface {
    template <typename Archive>
    void serialize(Archive& archive) {
        archive(value);
    }
};

}  // namespace

static_assert(aiomisc::ipc::Decodable<std::unique_ptr<Final>>);
static_assert(!aiomisc::ipc::Encodable<std::unique_ptr<Interface>>);

TEST_CASE("what a unique_ptr points to arrives, and so does its absence", "[ipc][codec]") {
    CHECK(round_trip(std::unique_ptr<int>()) == nullptr);
    CHECK(*round_trip(std::make_unique<std::string>("x")) == "x");
    CHECK(*round_trip(std::unique_ptr<const int>(new int(4))) == 4);
    CHECK(round_trip(std::make_unique<Final>())->value == 0);
}

TEST_CASE("objects that are shared stay shared", "[ipc][codec]") {
    const auto shared = std::make_shared<std::string>("once");
    using Pointers = std::vector<std::shared_ptr<std::string>>;
    const Pointers copy = round_trip(Pointers{shared, nullptr, shared});
    REQUIRE(copy.size() == 3);
    CHECK(*copy[0] == "once");
    CHECK(copy[1] == nullptr);
    CHECK(copy[0] == copy[2]);
    CHECK(copy[0] != shared);
}

TEST_CASE("a graph of shared objects arrives with its shape", "[ipc][codec]") {
    const auto leaf = std::make_shared<Node>(Node{"leaf", {}});
    const auto left = std::make_shared<Node>(Node{"left", {leaf}});
    const auto root = std::make_shared<Node>(Node{"root", {left, leaf}});
    const auto copy = round_trip(root);
    REQUIRE(copy->links.size() == 2);
    CHECK(copy->links[0]->links.at(0) == copy->links[1]);
    CHECK(copy->links[1]->name == "leaf");
}

TEST_CASE("an object and its first member are different objects", "[ipc][codec]") {
    const auto pair = std::make_shared<std::pair<int, int>>(1, 2);
    const std::shared_ptr<int> first(pair, &pair->first);
    using Values = std::tuple<std::shared_ptr<std::pair<int, int>>, std::shared_ptr<int>>;
    const auto [copied_pair, copied_first] = round_trip(Values(pair, first));
    CHECK(*copied_first == 1);
    CHECK(copied_pair->second == 2);
}

TEST_CASE("a cycle of shared objects cannot be encoded", "[ipc][codec]") {
    const auto node = std::make_shared<Node>();
    node->links.push_back(node);
    CHECK_THROWS_WITH(encoded(node), contains("refers to itself"));
    node->links.clear();
}

TEST_CASE("a hostile reference to a shared object is refused", "[ipc][codec]") {
    using Values = std::tuple<std::shared_ptr<int>, std::shared_ptr<std::string>>;
    auto bytes = encoded(Values(std::make_shared<int>(5), std::make_shared<std::string>("x")));
    const std::size_t second = sizeof(std::uint32_t) + sizeof(int);

    SECTION("to an object of another type") {
        bytes.resize(second + sizeof(std::uint32_t));
        bytes[second] = std::byte{1};
        CHECK_THROWS_WITH(decode<Values>(bytes), contains("of another type"));
    }
    SECTION("to an object that was not sent") {
        bytes[second] = std::byte{9};
        CHECK_THROWS_WITH(decode<Values>(bytes), contains("was not sent"));
    }
    SECTION("to itself") {
        const auto leaf = std::make_shared<Node>();
        auto cycle = encoded(std::make_shared<Node>(Node{"", {leaf}}));
        // number 1, empty name, one link: make the link number 1 and drop its object.
        const std::size_t link = sizeof(std::uint32_t) + 2 * sizeof(std::uint64_t);
        cycle.resize(link + sizeof(std::uint32_t));
        cycle[link] = std::byte{1};
        CHECK_THROWS_WITH(decode<std::shared_ptr<Node>>(cycle), contains("to itself"));
    }
}
