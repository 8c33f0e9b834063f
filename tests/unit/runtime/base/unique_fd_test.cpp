// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/unique_fd.h>

#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace {

using aiomisc::UniqueFd;

UniqueFd open_null() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

}  // namespace

TEST_CASE("a descriptor is closed when its owner dies, is reset, or gets another") {
    int first = -1;
    int second = -1;
    {
        UniqueFd owner = open_null();
        first = owner.get();
        REQUIRE(is_open(first));
        owner.reset();
        CHECK_FALSE(is_open(first));
        CHECK_FALSE(static_cast<bool>(owner));
        owner = open_null();
        first = owner.get();
        UniqueFd other = open_null();
        second = other.get();
        owner = std::move(other);
        CHECK_FALSE(is_open(first));
        CHECK(owner.get() == second);
        CHECK(other.get() == -1);  // NOLINT(bugprone-use-after-move): what is left is the point
    }
    CHECK_FALSE(is_open(second));
}

TEST_CASE("moving an owner onto itself keeps the descriptor") {
    UniqueFd owner = open_null();
    UniqueFd& same = owner;
    owner = std::move(same);
    CHECK(is_open(owner.get()));
}

TEST_CASE("a released descriptor stays open") {
    UniqueFd owner = open_null();
    const int fd = owner.release();
    owner.reset();
    CHECK(is_open(fd));
    ::close(fd);
}

TEST_CASE("a duplicate is another descriptor, closed on exec") {
    const UniqueFd owner = open_null();
    const UniqueFd copy = owner.duplicate();
    CHECK(copy.get() != owner.get());
    CHECK((::fcntl(copy.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK_THROWS_AS(UniqueFd().duplicate(), aiomisc::SystemError);
}
