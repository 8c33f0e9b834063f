// SPDX-License-Identifier: MIT
#include <aiomisc/cli/source_cache/manifest.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/source_cache/compiler.h>
#include <aiomisc/cli/source_cache/sha256.h>
#include <aiomisc/runtime/base/error.h>

#include <filesystem>

using namespace aiomisc::cli;
using aiomisc::test::TempDir;
namespace fs = std::filesystem;

TEST_CASE("fields of a sum cannot run into each other", "[cli][source_cache]") {
    const auto sum = [](std::string_view first, std::string_view second) {
        return Sha256().add(first).add(second).hex();
    };
    REQUIRE(sum("ab", "c") != sum("a", "bc"));
    REQUIRE(sum("ab", "") != sum("", "ab"));
    REQUIRE(sum("ab", "c") == sum("ab", "c"));
    REQUIRE(sum("", "").size() == 64);
}

TEST_CASE("the sum is SHA-256", "[cli][source_cache]") {
    // Of the eight bytes of a number, checked with sha256sum(1).
    REQUIRE(
        Sha256().add(std::uint64_t{0}).hex() ==
        "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc");
}

TEST_CASE("a dependency is unchanged while its content is", "[cli][source_cache]") {
    const TempDir dir;
    const auto path = dir.write("x.h", "one");
    const Dependency dependency = describe_dependency(path.string());
    REQUIRE(is_unchanged(dependency));
    SECTION("touched, but the same") {
        fs::last_write_time(path, fs::file_time_type::clock::now() + std::chrono::hours(1));
        REQUIRE(is_unchanged(dependency));
    }
    SECTION("another content of the same size and time") {
        const auto time = fs::last_write_time(path);
        dir.write("x.h", "two");
        fs::last_write_time(path, time);
        REQUIRE_FALSE(is_unchanged(dependency));
    }
    SECTION("gone") {
        fs::remove(path);
        REQUIRE_FALSE(is_unchanged(dependency));
    }
    REQUIRE_THROWS_AS(describe_dependency("/no/such/file"), aiomisc::SystemError);
}

TEST_CASE("a manifest is read as it was written", "[cli][source_cache]") {
    Manifest manifest{.module_key = Sha256().add("m").hex()};
    manifest.dependencies.push_back(
        {.path = "/a dir/x.h",
         .sha256 = Sha256().add("x").hex(),
         .size = 3,
         .modified_ns = -5,
         .changed_ns = 7,
         .inode = 9});
    const auto parsed = Manifest::parse(manifest.to_text());
    REQUIRE(parsed);
    REQUIRE(parsed->module_key == manifest.module_key);
    REQUIRE(parsed->dependencies == manifest.dependencies);
}

TEST_CASE("a damaged manifest is no manifest", "[cli][source_cache]") {
    Manifest manifest{.module_key = Sha256().add("m").hex()};
    manifest.dependencies.push_back({.path = "/x", .sha256 = Sha256().add("x").hex()});
    const std::string text = manifest.to_text();
    for (std::size_t length = 0; length + 1 < text.size(); ++length) {
        CAPTURE(length);
        REQUIRE_FALSE(Manifest::parse(std::string_view(text).substr(0, length)));
    }
    std::string traversal = text;
    traversal.replace(traversal.find(manifest.module_key), 6, "../../");
    REQUIRE_FALSE(Manifest::parse(traversal));
}

TEST_CASE("dependency files are read in make's syntax", "[cli][source_cache]") {
    REQUIRE(
        parse_dependencies("module: /a/x.cpp \\\n  /b/y\\ z.h /c/$$d.h \\\n /e/f\\#g.h\n") ==
        std::vector<std::string>{"/a/x.cpp", "/b/y z.h", "/c/$d.h", "/e/f#g.h"});
    REQUIRE(parse_dependencies("module: \\\n a\n") == std::vector<std::string>{"a"});
    REQUIRE(parse_dependencies("").empty());
    REQUIRE(parse_dependencies("module:").empty());
}
