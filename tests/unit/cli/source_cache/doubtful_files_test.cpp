// SPDX-License-Identifier: MIT
#include "support/catch.h"
#include "unit/cli/source_cache/cache_bench.h"

#include <aiomisc/cli/source_cache/source_cache.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

using namespace aiomisc::cli;
using namespace aiomisc::test;
namespace fs = std::filesystem;

namespace {

void set_age(const fs::path& path, std::chrono::hours age) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
}

bool has_manifest(const fs::path& root) {
    return std::any_of(fs::directory_iterator(root), fs::directory_iterator(), [](const auto& it) {
        return it.path().extension() == ".manifest";
    });
}

/// Makes another folder the current one, while it lives.
class CurrentFolder {
public:
    explicit CurrentFolder(const fs::path& folder) : before_(fs::current_path()) {
        fs::current_path(folder);
    }

    ~CurrentFolder() { fs::current_path(before_); }

    CurrentFolder(const CurrentFolder&) = delete;
    CurrentFolder& operator=(const CurrentFolder&) = delete;

private:
    fs::path before_;
};

/// Sets a variable of the environment, while it lives.
class Variable {
public:
    Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }

    ~Variable() { ::unsetenv(name_); }

    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
};

/// What was on disk when, and whether a manifest was there already. Kept while `watched` is set.
struct Synced {
    std::string path;
    bool published;
};

std::vector<Synced> synced;
fs::path watched;

}  // namespace

// In place of the C library's.
int fsync(int fd) {
    if (!watched.empty()) {
        const fs::path path = fs::read_symlink("/proc/self/fd/" + std::to_string(fd));
        synced.push_back({path.lexically_relative(watched).string(), has_manifest(watched)});
    }
    return static_cast<int>(::syscall(SYS_fsync, fd));
}

TEST_CASE(
    "a header that an older one replaces while the compiler runs is not taken for what it read",
    "[cli][source_cache]") {
    CacheBench bench;
    bench.dir.write("older.h", "#define VALUE 7\n");
    set_age(bench.dir / "older.h", std::chrono::hours(1));
    SECTION("written over") {
        bench.dir.write("afterwards", "cp -p older.h value.h\n");
    }
    SECTION("renamed") {
        bench.dir.write("afterwards", "test ! -e older.h || mv older.h value.h\n");
    }
    REQUIRE(value_of(bench.module()) == 1);
    REQUIRE_THAT(bench.notices.back(), contains("value.h changed meanwhile"));
    fs::remove(bench.dir / "afterwards");
    REQUIRE(value_of(bench.module()) == 7);
    REQUIRE(bench.calls() == 2);
    bench.module();
    REQUIRE(bench.calls() == 2);
}

TEST_CASE("a header with a time in the future is compiled once", "[cli][source_cache]") {
    CacheBench bench;
    set_age(bench.dir / "value.h", std::chrono::hours(-1));
    const fs::path first = bench.module();
    REQUIRE(bench.notices.size() == 1);  // that it compiles
    REQUIRE(bench.module() == first);
    REQUIRE(bench.calls() == 1);
}

TEST_CASE("modules of files that change each time do not pile up", "[cli][source_cache]") {
    CacheBench bench;
    bench.dir.write("afterwards", "touch value.h\n");
    for (int run = 1; run <= 3; ++run) {
        REQUIRE(value_of(bench.module()) == 1);
        REQUIRE(bench.calls() == run);
    }
    REQUIRE(bench.modules() == 1);
    REQUIRE_FALSE(has_manifest(bench.root()));
}

TEST_CASE("a module is on disk before anything leads to it", "[cli][source_cache]") {
    CacheBench bench;
    fs::create_directories(bench.root());
    fs::permissions(bench.root(), fs::perms::owner_all);
    watched = bench.root();
    bench.module();
    watched.clear();
    REQUIRE(has_manifest(bench.root()));
    REQUIRE(synced.size() == 3);
    REQUIRE_THAT(synced[0].path, contains(".building/module.so"));
    REQUIRE_THAT(synced[1].path, contains(".building"));
    REQUIRE(synced[2].path == ".");
    REQUIRE_FALSE(synced[2].published);
}

TEST_CASE(
    "where headers are named from the current folder it is looked at", "[cli][source_cache]") {
    CacheBench bench;
    bench.source =
        bench.dir.write("job.cpp", "#include <number.h>\nint value() { return NUMBER; }\n");
    bench.dir.write("a/include/number.h", "#define NUMBER 3\n");
    bench.dir.write("b/include/number.h", "#define NUMBER 4\n");
    const auto value_in = [&](const char* folder, const std::vector<std::string>& words) {
        const CurrentFolder current(bench.dir / folder);
        return value_of(bench.module_by(words));
    };
    SECTION("by a word of the compiler's command") {
        REQUIRE(value_in("a", {"-Iinclude"}) == 3);
        REQUIRE(value_in("b", {"-Iinclude"}) == 4);
    }
    SECTION("by a variable") {
        const Variable path(GENERATE("CPATH", "CPLUS_INCLUDE_PATH"), "/opt/include:include");
        REQUIRE(value_in("a", {}) == 3);
        REQUIRE(value_in("b", {}) == 4);
    }
    SECTION("by an empty folder in a variable") {
        const Variable path("CPATH", ":/opt/include");
        REQUIRE(value_in("a/include", {}) == 3);
        REQUIRE(value_in("b/include", {}) == 4);
    }
    SECTION("but not where all are named from the root") {
        const std::string folder = (bench.dir / "a/include").string() + ":/opt/include";
        const Variable path("CPATH", folder.c_str());
        REQUIRE(value_in("a", {}) == 3);
        REQUIRE(value_in("b", {}) == 3);
        REQUIRE(bench.calls() == 1);
    }
}

TEST_CASE("a CXX of nothing but blanks is as if it were not set", "[cli][source_cache]") {
    std::vector<std::string> words;
    const auto keep_words = [&](const std::vector<std::string>& given) {
        words = given;
        return 0;
    };
    ::unsetenv("CXX");
    Compiler::configured(keep_words).compile({});
    const std::vector<std::string> unset = words;
    const Variable variable("CXX", " \t ");
    Compiler::configured(keep_words).compile({});
    REQUIRE(words == unset);
}
