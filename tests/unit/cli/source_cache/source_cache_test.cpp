// SPDX-License-Identifier: MIT
#include <aiomisc/cli/source_cache/source_cache.h>

#include "support/catch.h"
#include "support/helper.h"
#include "support/process.h"
#include "unit/cli/source_cache/cache_bench.h"

#include <aiomisc/cli/source_cache/private_directory.h>
#include <aiomisc/runtime/base/error.h>

#include <filesystem>
#include <iostream>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

using namespace aiomisc::cli;
using namespace aiomisc::test;
namespace fs = std::filesystem;

TEST_CASE("the second time no compiler is called", "[cli][source_cache][L79]") {
    CacheBench bench;
    const fs::path first = bench.module();
    REQUIRE(value_of(first) == 1);
    REQUIRE(bench.calls() == 1);
    REQUIRE(bench.module() == first);
    REQUIRE(bench.calls() == 1);
}

TEST_CASE("whatever goes into a module makes it another one", "[cli][source_cache]") {
    CacheBench bench;
    const fs::path first = bench.module();
    SECTION("the source") {
        bench.dir.write("job.cpp", "#include \"value.h\"\nint value() { return VALUE + 1; }\n");
        REQUIRE(value_of(bench.module()) == 2);
    }
    SECTION("a header, even of the same size and time") {
        const auto time = fs::last_write_time(bench.dir / "value.h");
        bench.dir.write("value.h", "#define VALUE 7\n");
        fs::last_write_time(bench.dir / "value.h", time);
        REQUIRE(value_of(bench.module()) == 7);
    }
    SECTION("the flags") {
        REQUIRE(bench.module({"-DOTHER"}) != first);
    }
    SECTION("the compiler") {
        const std::string text = bench.dir.read("cc");
        bench.dir.write("cc", text + "# newer\n");
        REQUIRE(bench.module() != first);
    }
    REQUIRE(bench.calls() == 2);
    REQUIRE(value_of(first) == 1);  // what was loaded from there stays what it was
}

TEST_CASE("a header that was only touched costs no compilation", "[cli][source_cache]") {
    CacheBench bench;
    const fs::path first = bench.module();
    fs::last_write_time(
        bench.dir / "value.h", fs::file_time_type::clock::now() - std::chrono::hours(1));
    REQUIRE(bench.module() == first);
    REQUIRE(bench.calls() == 1);
}

TEST_CASE("a source that does not compile leaves nothing behind", "[cli][source_cache][L79]") {
    CacheBench bench;
    bench.dir.write("job.cpp", "this is not C++\n");
    REQUIRE_THROWS_WITH(bench.module(), contains("job.cpp failed"));
    for (const auto& entry : fs::directory_iterator(bench.root())) {
        REQUIRE(entry.path().extension() == ".lock");
    }
    bench.dir.write("job.cpp", "int value() { return 3; }\n");
    REQUIRE(value_of(bench.module()) == 3);
}

TEST_CASE("what a killed compilation left is cleared away", "[cli][source_cache]") {
    CacheBench bench;
    bench.module();
    for (const auto& entry : fs::directory_iterator(bench.root())) {
        if (entry.path().extension() == ".manifest") {
            auto leftover = entry.path();
            leftover.replace_extension(".building");
            fs::create_directory(leftover);
            fs::remove(entry.path());
        }
    }
    REQUIRE(value_of(bench.module()) == 1);
    for (const auto& entry : fs::directory_iterator(bench.root())) {
        REQUIRE(entry.path().extension() != ".building");
    }
}

TEST_CASE(
    "a module that others could write is made again, not loaded", "[cli][source_cache][S16]") {
    CacheBench bench;
    const fs::path module = bench.module();
    SECTION("writable by all") {
        fs::permissions(module, fs::perms::all);
    }
    SECTION("a link") {
        fs::rename(module, bench.dir / "elsewhere.so");
        fs::create_symlink(bench.dir / "elsewhere.so", module);
    }
    SECTION("gone") {
        fs::remove(module);
    }
    REQUIRE(value_of(bench.module()) == 1);
    REQUIRE(bench.calls() == 2);
    REQUIRE(fs::status(module).permissions() == fs::perms::owner_all);
    REQUIRE_FALSE(fs::is_symlink(module));
}

TEST_CASE("a manifest that others could write is not believed", "[cli][source_cache][S16]") {
    CacheBench bench;
    bench.module();
    for (const auto& entry : fs::directory_iterator(bench.root())) {
        if (entry.path().extension() == ".manifest") {
            fs::permissions(entry.path(), fs::perms::all);
        }
    }
    bench.module();
    REQUIRE(bench.calls() == 2);
}

TEST_CASE("a cache that others can write is not used at all", "[cli][source_cache][S16]") {
    CacheBench bench;
    fs::create_directories(bench.root());
    SECTION("writable by all") {
        fs::permissions(bench.root(), fs::perms::all);
        REQUIRE_THROWS_WITH(bench.module(), contains("others can write it"));
    }
    SECTION("a link") {
        fs::remove(bench.root());
        fs::create_directory(bench.dir / "elsewhere");
        fs::create_directory_symlink(bench.dir / "elsewhere", bench.root());
        REQUIRE_THROWS_AS(bench.module(), aiomisc::SystemError);
    }
    SECTION("somebody else's") {
        if (::geteuid() != 0 || ::chown(bench.root().c_str(), 65534, 65534) != 0) {
            return;  // only root can give a directory away
        }
        REQUIRE_THROWS_WITH(bench.module(), contains("belongs to another user"));
    }
    REQUIRE(bench.calls() == 0);
}

TEST_CASE("directories of the cache are ours alone", "[cli][source_cache][S16]") {
    CacheBench bench;
    const fs::path module = bench.module();
    const auto owner_only = fs::perms::owner_all;
    REQUIRE(fs::status(bench.root()).permissions() == owner_only);
    REQUIRE(fs::status(module.parent_path()).permissions() == owner_only);
}

AIOMISC_TEST_HELPER(compile_in_cache) {
    SourceCache cache(
        arguments[0],
        Compiler({arguments[1]}, {"-O0"}, &run_compiler),
        [](const std::string& text) { std::cout << text << std::endl; });
    std::cout << cache.module_of(arguments[2], {}).string() << std::endl;
    return 0;
}

TEST_CASE("two runs at once compile once", "[cli][source_cache]") {
    CacheBench bench;
    // The first compiler stops at a gate, so that the second run surely finds the lock taken.
    const auto gated = bench.dir.write(
        "gated",
        "#!/bin/sh\necho called >>" + (bench.dir / "calls").string() + "\nread line <" +
            (bench.dir / "gate").string() + "\nexec " AIOMISC_TEST_CC " \"$@\"\n");
    fs::permissions(gated, fs::perms::owner_all);
    REQUIRE(::mkfifo((bench.dir / "gate").c_str(), 0600) == 0);
    const std::vector<std::string> arguments{
        bench.root().string(), gated.string(), bench.source.string()};
    auto first = Process::start_helper("compile_in_cache", arguments);
    REQUIRE_THAT(first.read_line().value_or(""), contains("compiling"));
    auto second = Process::start_helper("compile_in_cache", arguments);
    REQUIRE_THAT(second.read_line().value_or(""), contains("waiting for another"));
    bench.dir.write("gate", "go\n");
    const auto module = first.read_line();
    REQUIRE(second.read_line() == module);
    REQUIRE(first.wait().code == 0);
    REQUIRE(second.wait().code == 0);
    REQUIRE(bench.calls() == 1);
    REQUIRE(value_of(module.value_or("")) == 1);
}

TEST_CASE("a compiler that is not there is named", "[cli][source_cache]") {
    CacheBench bench;
    SourceCache cache(
        bench.root(), Compiler({"no-such-compiler"}, {}, &run_compiler), [](const std::string&) {});
    REQUIRE_THROWS_WITH(cache.module_of(bench.source, {}), contains("no-such-compiler"));
}
