// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/unique_function.h>

#include "support/catch.h"

#include <array>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using aiomisc::UniqueFunction;

int add(int left, int right) {
    return left + right;
}

/// Cannot be kept inline: moving it may throw.
struct MayThrowWhenMoved {
    explicit MayThrowWhenMoved(std::shared_ptr<int> counted) : resource(std::move(counted)) {}

    MayThrowWhenMoved(MayThrowWhenMoved&& other) noexcept(false)
        : resource(std::move(other.resource)) {}

    MayThrowWhenMoved& operator=(MayThrowWhenMoved&&) = delete;
    MayThrowWhenMoved(const MayThrowWhenMoved&) = delete;
    MayThrowWhenMoved& operator=(const MayThrowWhenMoved&) = delete;
    ~MayThrowWhenMoved() = default;

    long operator()() const { return resource.use_count(); }

    std::shared_ptr<int> resource;
};

}  // namespace

TEST_CASE("a function, a lambda and a function object are called") {
    UniqueFunction<int(int, int)> function = add;
    CHECK(function(2, 3) == 5);
    int calls = 0;
    UniqueFunction<void()> lambda = [&calls] { ++calls; };
    lambda();
    lambda();
    CHECK(calls == 2);
}

TEST_CASE("a callable that is small, large, or may throw when moved is owned and destroyed once") {
    const auto resource = std::make_shared<int>(1);
    {
        UniqueFunction<long()> small = [resource] { return resource.use_count(); };
        UniqueFunction<long()> large = [resource, padding = std::array<char, 200>()] {
            return resource.use_count() + padding[0];
        };
        UniqueFunction<long()> throwing = MayThrowWhenMoved(resource);
        CHECK(small() == 4);
        UniqueFunction<long()> moved = std::move(small);
        CHECK_FALSE(static_cast<bool>(small));  // NOLINT(bugprone-use-after-move): the point
        CHECK(moved() == 4);
        moved = std::move(large);
        CHECK(moved() == 3);
        moved = std::move(throwing);
        CHECK(moved() == 2);
        moved.reset();
        CHECK(resource.use_count() == 1);
    }
    CHECK(resource.use_count() == 1);
}

TEST_CASE("what can only be moved is captured, taken and returned") {
    auto owned = std::make_unique<int>(5);
    UniqueFunction<std::unique_ptr<int>(std::unique_ptr<int>)> function =
        [owned = std::move(owned)](std::unique_ptr<int> given) {
            *given += *owned;
            return given;
        };
    CHECK(*function(std::make_unique<int>(2)) == 7);
}

TEST_CASE("calling an empty function throws") {
    UniqueFunction<void()> empty;
    CHECK_FALSE(static_cast<bool>(empty));
    CHECK_THROWS_AS(empty(), std::bad_function_call);
}

TEST_CASE("an exception passes through, and the function can be called again") {
    int calls = 0;
    UniqueFunction<int()> function = [&calls] {
        if (++calls == 1) {
            throw std::runtime_error("first");
        }
        return calls;
    };
    CHECK_THROWS_WITH(function(), "first");
    CHECK(function() == 2);
}

TEST_CASE("references are passed through") {
    UniqueFunction<void(std::string&)> append = [](std::string& text) { text += "!"; };
    std::string text = "hey";
    append(text);
    CHECK(text == "hey!");
}
