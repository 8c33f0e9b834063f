// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/result_files.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/base/error.h>

#include <filesystem>
#include <string>

using namespace aiomisc::cli;
using namespace aiomisc::test;

namespace fs = std::filesystem;

namespace {

constexpr OutputStream kOut = OutputStream::kOut;

std::string commit(ResultFiles& files, const std::string& item, KeptOutput& kept) {
    const JobInput input{.seq = 3, .items = {item}};
    return files.commit(input, {.seq = 3, .items = {item}}, {}, kept);
}

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("files of a job appear when it has ended", "[cli][results]") {
    const TempDir dir;
    ResultFiles files(ResultLayout((dir / "r").string(), PlaceholderSet()), 0666);
    KeptOutput kept = files.keep();
    kept.write(kOut, "bad attempt");
    kept.clear();
    kept.write(kOut, "good\n");
    CHECK(entries(dir / "r") == 0);
    CHECK(commit(files, "a/b", kept) == (dir / "r/1/a\\_b/stdout").string());
    CHECK(dir.read("r/1/a\\_b/stdout") == "good\n");
    CHECK(dir.read("r/1/a\\_b/stderr").empty());
    CHECK(dir.read("r/1/a\\_b/seq") == "3");
    CHECK(entries(dir / "r/1/a\\_b") == 3);
}

TEST_CASE("a job that is not committed leaves nothing", "[cli][results]") {
    const TempDir dir;
    ResultFiles files(ResultLayout((dir / "r").string(), PlaceholderSet()), 0666);
    {
        KeptOutput kept = files.keep();
        kept.write(kOut, "half");
    }
    CHECK(entries(dir / "r") == 0);
}

TEST_CASE("an earlier file is replaced as a whole", "[cli][results]") {
    const TempDir dir;
    ResultFiles files(ResultLayout((dir / "{}").string(), PlaceholderSet()), 0666);
    for (const std::string text : {"a long first text", "second"}) {
        KeptOutput kept = files.keep();
        kept.write(kOut, text);
        commit(files, "x", kept);
        CHECK(dir.read("x") == text);
    }
    CHECK(entries(dir.path()) == 3);
}

TEST_CASE("links below the root lead nowhere", "[cli][results]") {
    const TempDir dir;
    const TempDir outside;
    outside.write("precious", "precious");
    fs::create_directories(dir / "r/1/file");
    fs::create_directory_symlink(outside.path(), dir / "r/1/folder");
    fs::create_symlink(outside / "precious", dir / "r/1/file/stdout");
    ResultFiles files(ResultLayout((dir / "r").string(), PlaceholderSet()), 0666);

    KeptOutput kept = files.keep();
    kept.write(kOut, "ours");
    CHECK_THROWS_AS(commit(files, "folder", kept), aiomisc::SystemError);
    CHECK(entries(outside.path()) == 1);

    // In place of the link, not through it.
    KeptOutput other = files.keep();
    other.write(kOut, "ours");
    commit(files, "file", other);
    CHECK(dir.read("r/1/file/stdout") == "ours");
    CHECK(outside.read("precious") == "precious");
}

TEST_CASE("the root itself may be a link", "[cli][results]") {
    const TempDir dir;
    fs::create_directory(dir / "real");
    fs::create_directory_symlink(dir / "real", dir / "r");
    ResultFiles files(ResultLayout((dir / "r").string(), PlaceholderSet()), 0666);
    KeptOutput kept = files.keep();
    commit(files, "x", kept);
    CHECK(fs::exists(dir / "real/1/x/seq"));
}

TEST_CASE("a root that cannot be made is told at once", "[cli][results]") {
    const TempDir dir;
    dir.write("file", "");
    CHECK_THROWS_AS(
        ResultFiles(ResultLayout((dir / "file/r").string(), PlaceholderSet()), 0666),
        aiomisc::SystemError);
}
