// SPDX-License-Identifier: MIT
#include "support/temp_dir.h"

#include "support/catch.h"

#include <filesystem>
#include <optional>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;
using aiomisc::test::TempDir;

TEST_CASE("a temporary directory disappears with what is in it", "[support]") {
    std::optional<TempDir> directory(std::in_place);
    const fs::path path = directory->path();
    const fs::path file = directory->write("a/b/file.txt", std::string_view("zero\0inside", 11));
    CHECK(fs::exists(file));
    CHECK(directory->read("a/b/file.txt") == std::string("zero\0inside", 11));
    CHECK(*directory / "x" == path / "x");
    CHECK_THROWS_AS(directory->read("absent"), std::runtime_error);
    directory.reset();
    CHECK_FALSE(fs::exists(path));
}

TEST_CASE("two temporary directories are different", "[support]") {
    const TempDir one;
    const TempDir other;
    CHECK(one.path() != other.path());
}

TEST_CASE("a forked child's copy of a temporary directory removes nothing", "[support]") {
    const TempDir directory;
    const pid_t child = ::fork();
    if (child == 0) {
        directory.~TempDir();
        ::_exit(0);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(fs::exists(directory.path()));
}
