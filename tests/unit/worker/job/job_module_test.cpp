// SPDX-License-Identifier: MIT
#include <aiomisc/worker/job/job_module.h>

#include "fake_job_context.h"
#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <elf.h>
#include <sys/stat.h>

using aiomisc::JobModule;
using aiomisc::read_module_note;
using aiomisc::test::contains;
using aiomisc::test::TempDir;

namespace {

const std::filesystem::path kModules = AIOMISC_TEST_MODULES;

std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Whether code of resize_module has run.
// NOLINTBEGIN(concurrency-mt-unsafe): a test runs in one thread
void forget_loaded() {
    ::unsetenv("AIOMISC_TEST_MODULE_LOADED");
}

bool was_loaded() {
    return std::getenv("AIOMISC_TEST_MODULE_LOADED") != nullptr;
}

// NOLINTEND(concurrency-mt-unsafe)

/// Where our note's content stands in the file.
std::size_t note_position(const std::string& module) {
    const std::string header("\x08\0\0\0\x08\0\0\0\x01\0\0\0aiomisc\0", 20);
    const std::size_t found = module.find(header);
    REQUIRE(found != std::string::npos);
    return found + header.size();
}

/// Where the last byte stands that the dynamic linker would map.
std::size_t end_of_segments(const std::string& module) {
    Elf64_Ehdr header;
    std::memcpy(&header, module.data(), sizeof(header));
    std::size_t end = 0;
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment;
        std::memcpy(
            &segment, module.data() + header.e_phoff + i * sizeof(segment), sizeof(segment));
        end = std::max<std::size_t>(end, segment.p_offset + segment.p_filesz);
    }
    return end;
}

}  // namespace

TEST_CASE("a module's note says what it offers") {
    const auto resize = read_module_note(kModules / "resize_module.so");
    CHECK(resize.abi == aiomisc::job::kModuleAbi);
    CHECK(resize.has_job);
    CHECK_FALSE(resize.has_main);
    const auto script = read_module_note(kModules / "script_module.so");
    CHECK(script.has_job);
    CHECK(script.has_main);
    CHECK(script.build_id != resize.build_id);
    CHECK(resize.build_id.find_first_not_of("0123456789abcdef") == std::string::npos);
}

TEST_CASE("reading the note runs no code of the module") {
    forget_loaded();
    read_module_note(kModules / "resize_module.so");
    CHECK_FALSE(was_loaded());
    JobModule::load(kModules / "resize_module.so");
    CHECK(was_loaded());
}

TEST_CASE("a loaded module runs its job") {
    const auto module = JobModule::load(kModules / "resize_module.so");
    REQUIRE(module.job() != nullptr);
    CHECK(module.main() == nullptr);
    aiomisc::test::FakeJobContext context;
    using Arguments = std::vector<aiomisc::job::Argument>;
    CHECK(run_job(*module.job(), context, Arguments{{0, "a.jpg"}}) == 40);
    CHECK(run_job(*module.job(), context, Arguments{{0, "a.jpg"}, {1, "125"}}) == 125);
    CHECK_THROWS_WITH(
        run_job(*module.job(), context, Arguments{{0, "a.jpg"}, {1, "126"}}),
        contains("between 0 and 125"));
    CHECK_THROWS_AS(
        run_job(*module.job(), context, Arguments{{0, "a.jpg"}, {1, "-1"}}), std::out_of_range);
    CHECK_THROWS_WITH(
        run_job(*module.job(), context, Arguments{{0, "missing"}}), "missing: no such file");
    CHECK_THROWS_AS(run_job(*module.job(), context, {}), std::invalid_argument);
}

TEST_CASE("a module may offer a job and a main coroutine, and modules do not share them") {
    const auto resize = JobModule::load(kModules / "resize_module.so");
    const auto script = JobModule::load(kModules / "script_module.so");
    REQUIRE(script.job() != nullptr);
    CHECK(script.main() != nullptr);
    CHECK(script.job()->name() == "single");
    CHECK(resize.job()->name() == "resize");
}

TEST_CASE("describe() is the help text of a module") {
    const auto module = JobModule::load(kModules / "resize_module.so");
    CHECK(
        module.describe() ==
        "resize: Resizes a picture.\n"
        "\n"
        "usage: src={} [size=…]\n"
        "\n"
        "  src   path     the picture (required)\n"
        "  size  integer  longest side in pixels (default: 40)\n"
        "\n"
        "module " +
            module.file().string() + "\nabi 1, build id " +
            (module.note().build_id.empty() ? "none" : module.note().build_id) + "\n");
    CHECK_THAT(JobModule::load(kModules / "script_module.so").describe(), contains("a job script"));
}

TEST_CASE("what is not a job module is refused with the reason") {
    const TempDir dir;
    CHECK_THROWS_AS(read_module_note(dir / "absent.so"), aiomisc::SystemError);
    CHECK_THROWS_WITH(read_module_note(dir.path()), contains("not a regular file"));
    REQUIRE(::mkfifo((dir / "fifo.so").c_str(), 0600) == 0);
    CHECK_THROWS_WITH(read_module_note(dir / "fifo.so"), contains("not a regular file"));
    CHECK_THROWS_WITH(read_module_note(dir.write("empty.so", "")), contains("not a shared object"));
    CHECK_THROWS_WITH(
        read_module_note(dir.write("text.so", std::string(500, 'x'))),
        contains("not a shared object"));
    CHECK_THROWS_WITH(
        read_module_note(kModules / "plain_library.so"), contains("not an aiomisc job module"));
    CHECK_THROWS_WITH(JobModule::load(kModules / "lying_module.so"), contains("does not export"));
}

TEST_CASE("a module of another interface version is refused before it is loaded") {
    const TempDir dir;
    std::string module = content_of(kModules / "resize_module.so");
    module[note_position(module)] = 9;
    forget_loaded();
    const auto file = dir.write("future.so", module);
    CHECK_THROWS_WITH(
        JobModule::load(file), contains("built for version 9 of the module interface"));
    CHECK_FALSE(was_loaded());
}

TEST_CASE("a module that offers something else than its note says is refused") {
    const TempDir dir;
    std::string module = content_of(kModules / "resize_module.so");
    module[note_position(module) + 4] = 2;  // AIOMISC_MAIN
    CHECK_THROWS_WITH(
        JobModule::load(dir.write("confused.so", module)),
        contains("something else than its note says"));
}

TEST_CASE("a module that was cut off is refused before it is loaded") {
    const TempDir dir;
    const std::string module = content_of(kModules / "resize_module.so");
    const std::size_t end = end_of_segments(module);
    REQUIRE(end > 4096);
    forget_loaded();
    for (std::size_t length = 0; length < end; length += length < 1024 ? 16 : end / 64) {
        INFO("cut off at " << length);
        const auto file = dir.write("short.so", module.substr(0, length));
        CHECK_THROWS_AS(JobModule::load(file), aiomisc::ConfigError);
    }
    for (const std::size_t length : {std::size_t{1000}, std::size_t{4096}, end - 1}) {
        const auto file = dir.write("short.so", module.substr(0, length));
        CHECK_THROWS_WITH(JobModule::load(file), contains("short.so") && contains("cut off: "));
    }
    CHECK_FALSE(was_loaded());
    // What stands behind the segments is for debuggers.
    CHECK(read_module_note(dir.write("stripped.so", module.substr(0, end))).has_job);
}

TEST_CASE("a segment whose end no number can hold is refused") {
    const TempDir dir;
    const std::string module = content_of(kModules / "resize_module.so");
    Elf64_Ehdr header;
    std::memcpy(&header, module.data(), sizeof(header));
    for (const auto& [offset, bytes] : std::vector<std::pair<Elf64_Off, Elf64_Xword>>{
             {~Elf64_Off{0}, 0}, {16, ~Elf64_Xword{0}}, {~Elf64_Off{0} - 7, 16}}) {
        Elf64_Phdr segment;
        std::memcpy(&segment, module.data() + header.e_phoff, sizeof(segment));
        segment.p_offset = offset;
        segment.p_filesz = bytes;
        std::string hostile = module;
        std::memcpy(hostile.data() + header.e_phoff, &segment, sizeof(segment));
        CHECK_THROWS_WITH(JobModule::load(dir.write("hostile.so", hostile)), contains("cut off: "));
    }
}

TEST_CASE("a module with any byte of its first 4 KiB changed is read without harm") {
    const TempDir dir;
    const std::string module = content_of(kModules / "resize_module.so");
    const auto file = dir.write("hostile.so", module);
    std::fstream content(file, std::ios::binary | std::ios::in | std::ios::out);
    const auto put = [&content](std::size_t position, char byte) {
        content.seekp(static_cast<std::streamoff>(position)).put(byte).flush();
        REQUIRE(content.good());
    };
    std::size_t refused = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(module.size(), 4096); ++i) {
        for (const char byte : {'\x00', '\x7f', '\xff'}) {
            put(i, byte);
            try {
                static_cast<void>(read_module_note(file));
            } catch (const aiomisc::Error&) {
                ++refused;
            }
        }
        put(i, module[i]);
    }
    CHECK(refused > 100);
    CHECK(read_module_note(file).has_job);
}
