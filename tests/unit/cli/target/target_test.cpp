// SPDX-License-Identifier: MIT
#include <aiomisc/cli/target/target.h>

#include "support/catch.h"
#include "support/process.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/target/module_file.h>
#include <aiomisc/cli/target/program.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/job/descriptor.h>

#include <filesystem>
#include <string>

using namespace aiomisc::cli;
using aiomisc::test::contains;
using aiomisc::test::TempDir;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

namespace {

Target choose(Words words, Mode mode = Mode::kAuto) {
    return choose_target({.words = std::move(words), .mode = mode});
}

/// A shared object with nothing in it but the note of a job module, for the given ABI.
fs::path make_module(const TempDir& dir, const std::string& name, unsigned abi) {
    const auto source = dir.write(
        name + ".c",
        "struct note { unsigned name, content, type; char text[8]; unsigned abi, offers; };\n"
        "const struct note aiomisc_note __attribute__((section(\".note.aiomisc\"), used, "
        "aligned(4)))"
        " = {8, 8, 1, \"aiomisc\", " +
            std::to_string(abi) + ", 1};\n");
    const auto module = dir / name;
    auto compiler = aiomisc::test::Process::start(
        {AIOMISC_TEST_CC, "-x", "c", "-shared", "-fPIC", "-o", module.string(), source.string()});
    REQUIRE(compiler.wait() == aiomisc::test::ExitStatus{.code = 0});
    fs::permissions(module, fs::perms::owner_all);
    return module;
}

void make_executable(const fs::path& path) {
    fs::permissions(path, fs::perms::owner_all);
}

}  // namespace

TEST_CASE("a shared object with our note is a module", "[cli][target]") {
    const TempDir dir;
    const auto module = make_module(dir, "job.so", aiomisc::job::kModuleAbi);
    const Target target = choose({module.string(), "size=1", "src={}"});
    REQUIRE(target.kind == Target::Kind::kModule);
    REQUIRE(target.path == fs::canonical(module));
    REQUIRE(target.words == Words{"size=1", "src={}"});
    const auto renamed = dir / "job.module";
    fs::rename(module, renamed);
    REQUIRE(choose({renamed.string()}).kind == Target::Kind::kCommand);
    REQUIRE(choose({renamed.string()}, Mode::kModule).kind == Target::Kind::kModule);
}

TEST_CASE("a .so that is no job module is an error, never a command", "[cli][target][L79]") {
    const TempDir dir;
    const auto text = dir.write("text.so", "#!/bin/sh\necho no\n");
    make_executable(text);
    REQUIRE_THROWS_AS(choose({text.string()}), aiomisc::Error);
    REQUIRE_THROWS_AS(choose({dir.write("empty.so", "").string()}), aiomisc::Error);
    const auto old = make_module(dir, "old.so", aiomisc::job::kModuleAbi + 1);
    REQUIRE_THROWS_AS(choose({old.string()}), aiomisc::Error);
    REQUIRE_THROWS_AS(choose({"/bin/sh"}, Mode::kModule), aiomisc::Error);
    REQUIRE_THROWS_AS(choose({"/no/such/module"}, Mode::kModule), aiomisc::SystemError);
    // A name alone makes no module.
    REQUIRE(choose({"nosuch.so"}).kind == Target::Kind::kCommand);
}

TEST_CASE("a module that others can write is not loaded", "[cli][target][S16]") {
    const TempDir dir;
    const auto module = make_module(dir, "job.so", aiomisc::job::kModuleAbi);
    fs::permissions(module, fs::perms::all);
    REQUIRE_THROWS_WITH(choose({module.string()}), contains("others can write it"));
    REQUIRE_THROWS_AS(check_private_file(module.string()), aiomisc::Error);
    fs::permissions(module, fs::perms::owner_all | fs::perms::group_write);
    REQUIRE_NOTHROW(choose({module.string()}));  // our own group, as under umask 002
    REQUIRE_THROWS_AS(check_private_file(module.string()), aiomisc::Error);
    fs::permissions(module, fs::perms::owner_all);
    REQUIRE_NOTHROW(check_private_file(module.string()));
    fs::create_symlink(module, dir / "link.so");
    REQUIRE_THROWS_AS(check_private_file((dir / "link.so").string()), aiomisc::Error);
    REQUIRE_THROWS_AS(check_private_file((dir / "gone").string()), aiomisc::SystemError);
}

TEST_CASE("a C++ file is a source", "[cli][target]") {
    const TempDir dir;
    const auto source = dir.write("job.cpp", "int x;\n");
    const Target target = choose({source.string(), "a={}"});
    REQUIRE(target.kind == Target::Kind::kSource);
    REQUIRE(target.path == fs::canonical(source));
    REQUIRE(target.words == Words{"a={}"});
    REQUIRE(choose({dir.write("job.cc", "").string()}).kind == Target::Kind::kSource);
    REQUIRE(choose({dir.write("job.cxx", "").string()}).kind == Target::Kind::kSource);
    REQUIRE(choose({"nosuch.cpp"}).kind == Target::Kind::kCommand);
    REQUIRE(choose({source.string()}, Mode::kShell).kind == Target::Kind::kCommand);
}

TEST_CASE(
    "a script that may not be executed runs by its interpreter, with a warning", "[cli][target]") {
    const TempDir dir;
    const auto script = dir.write("my script", "#!/bin/sh -e\necho ran\n");
    const Target target = choose({script.string(), "{}"});
    REQUIRE(target.kind == Target::Kind::kCommand);
    REQUIRE(target.words == Words{"/bin/sh", "-e", "'" + script.string() + "'", "{}"});
    REQUIRE_THAT(target.warning, contains("chmod +x"));
    const auto notes = dir.write("notes", "no script\n");
    REQUIRE_THROWS_WITH(choose({notes.string()}), contains("chmod +x"));
    make_executable(script);
    REQUIRE(choose({script.string(), "{}"}).words == Words{script.string(), "{}"});
    REQUIRE(choose({script.string()}).warning.empty());
}

TEST_CASE("anything else is a command, and nothing at all is lines", "[cli][target]") {
    REQUIRE(choose({"echo", "{}"}).words == Words{"echo", "{}"});
    REQUIRE(choose({"a | b; c"}).kind == Target::Kind::kCommand);
    REQUIRE(choose({"/no/such/program"}).kind == Target::Kind::kCommand);
    REQUIRE(choose({}).words.empty());
}

TEST_CASE("programs are found in the absolute directories of PATH", "[cli][target][S17]") {
    const TempDir dir;
    const auto tool = dir.write("bin/tool", "#!/bin/sh\n");
    make_executable(tool);
    dir.write("first/tool", "not executable");
    fs::create_directory(dir / "second");
    fs::create_directory(dir / "second/tool");
    const std::string base = dir.path().string();
    REQUIRE(
        find_program("tool", base + "/first:" + base + "/second:" + base + "/bin") ==
        tool.string());
    REQUIRE_FALSE(find_program("tool", ""));
    REQUIRE_FALSE(find_program("tool", ":.:bin"));
    REQUIRE_FALSE(find_program("", base));
    REQUIRE(find_program(tool.string(), "") == tool.string());
    REQUIRE_FALSE(find_program(base + "/first/tool", ""));
}
