// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/codec/cereal_codec.h>

#include "round_trip.h"
#include "support/catch.h"

#include <bitset>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <cereal/types/base_class.hpp>
#include <cereal/types/bitset.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>

using aiomisc::EncodeError;
using aiomisc::ipc::decode;
using aiomisc::test::contains;
using aiomisc::test::encoded;
using aiomisc::test::round_trip;

namespace {

/// Private members, a member serialize(), and no public default constructor but through cereal.
class Account {
public:
    Account() = default;

    explicit Account(std::string owner) : owner_(std::move(owner)), history_{1, 2, 3} {}

    bool operator==(const Account&) const = default;

private:
    friend class cereal::access;

    template <typename Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(owner_), history_);
        archive & notes_;
    }

    std::string owner_;
    std::vector<int> history_;
    std::map<std::string, std::string> notes_{{"k", "v"}};
};

struct Split {
    int value = 0;
    bool loaded = false;

    template <typename Archive>
    void save(Archive& archive) const {
        archive << value;
    }

    template <typename Archive>
    void load(Archive& archive) {
        archive >> value;
        loaded = true;
    }
};

struct Free {
    std::unique_ptr<int> value;
};

template <typename Archive>
void serialize(Archive& archive, Free& free) {
    archive(free.value);
}

struct Minimal {
    std::string text;

    template <typename Archive>
    std::string save_minimal(const Archive&) const {
        return text;
    }

    template <typename Archive>
    void load_minimal(const Archive&, const std::string& value) {
        text = value;
    }
};

struct FreeMinimal {
    int value = 0;
};

template <typename Archive>
int save_minimal(const Archive&, const FreeMinimal& minimal) {
    return minimal.value;
}

template <typename Archive>
void load_minimal(const Archive&, FreeMinimal& minimal, const int& value) {
    minimal.value = value;
}

struct Versioned {
    int value = 0;
    std::uint32_t seen_version = 0;

    template <typename Archive>
    void serialize(Archive& archive, std::uint32_t version) {
        seen_version = version;
        archive(value);
    }
};

struct Derived : Account {
    Derived() = default;

    explicit Derived(int extra_value) : Account("base"), extra(extra_value) {}

    bool operator==(const Derived&) const = default;

    template <typename Archive>
    void serialize(Archive& archive) {
        archive(cereal::base_class<Account>(this), extra);
    }

    int extra = 0;
};

struct Silent {
    int value = 7;

    template <typename Archive>
    void serialize(Archive&) {}
};

/// What users write for containers of their own.
struct Ring {
    std::vector<std::string> items;

    template <typename Archive>
    void save(Archive& archive) const {
        archive(cereal::make_size_tag(static_cast<cereal::size_type>(items.size())));
        for (const auto& item : items) {
            archive(item);
        }
    }

    template <typename Archive>
    void load(Archive& archive) {
        cereal::size_type size = 0;
        archive(cereal::make_size_tag(size));
        items.resize(size);
        for (auto& item : items) {
            archive(item);
        }
    }
};

struct Throwing {
    template <typename Archive>
    void serialize(Archive&) {
        throw std::out_of_range("no such field");
    }
};

struct Linked {
    std::unique_ptr<Linked> next;

    template <typename Archive>
    void serialize(Archive& archive) {
        archive(next);
    }
};

}  // namespace

CEREAL_CLASS_VERSION(Versioned, 42)

TEST_CASE("types with cereal functions travel", "[ipc][codec]") {
    CHECK(round_trip(Account("me")) == Account("me"));
    const Split split = round_trip(Split{3});
    CHECK(split.value == 3);
    CHECK(split.loaded);
    CHECK(*round_trip(Free{std::make_unique<int>(8)}).value == 8);
    CHECK(round_trip(Minimal{"tiny"}).text == "tiny");
    CHECK(round_trip(FreeMinimal{5}).value == 5);
    CHECK(round_trip(Derived(9)) == Derived(9));
    CHECK(round_trip(Ring{{"a", "b"}}).items.at(1) == "b");
}

TEST_CASE("types of the cereal headers travel", "[ipc][codec]") {
    CHECK(round_trip(std::complex<double>(1, 2)) == std::complex<double>(1, 2));
    CHECK(round_trip(std::bitset<70>(0x123456789ULL)) == std::bitset<70>(0x123456789ULL));
}

TEST_CASE("the version of a class travels once and arrives with every object", "[ipc][codec]") {
    const auto copies = round_trip(std::vector<Versioned>{{1, 0}, {2, 0}});
    REQUIRE(copies.size() == 2);
    CHECK(copies[0].seen_version == 42);
    CHECK(copies[1].seen_version == 42);
    CHECK(copies[1].value == 2);
}

TEST_CASE("objects whose serialize() writes nothing still count", "[ipc][codec]") {
    const std::vector<Silent> silent(5);
    CHECK(encoded(silent).size() == sizeof(std::uint64_t) + 5);
    CHECK(round_trip(silent).size() == 5);
}

TEST_CASE("a size inside a user's load() cannot exceed what was sent", "[ipc][codec]") {
    auto bytes = encoded(Ring{{"a"}});
    for (std::size_t i = 1; i != 1 + sizeof(std::uint64_t); ++i) {
        bytes[i] = std::byte{0x7F};
    }
    CHECK_THROWS_WITH(decode<Ring>(bytes), contains("claims"));
}

TEST_CASE("an exception out of a serialize() says where it came from", "[ipc][codec][F72]") {
    CHECK_THROWS_AS(encoded(Throwing()), EncodeError);
    CHECK_THROWS_WITH(
        encoded(Throwing()), contains("cannot encode a value: std::out_of_range: no such field"));
    const std::vector<std::byte> bytes(1);
    CHECK_THROWS_WITH(decode<Throwing>(bytes), contains("no such field"));
}

TEST_CASE("nesting inside serialize() functions is bounded", "[ipc][codec]") {
    Linked first;
    Linked* last = &first;
    for (int i = 0; i != 1000; ++i) {
        last->next = std::make_unique<Linked>();
        last = last->next.get();
    }
    CHECK_THROWS_WITH(encoded(first), contains("nested too deeply"));
}
