// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/file_source.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/base/error.h>

#include <array>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using aiomisc::UniqueFd;
using aiomisc::cli::FileSource;
using aiomisc::cli::Pull;

namespace {

struct Pipe {
    UniqueFd reader;
    UniqueFd writer;
};

Pipe make_pipe() {
    std::array<int, 2> fds{};
    REQUIRE(::pipe2(fds.data(), O_CLOEXEC) == 0);
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

void write_all(const UniqueFd& fd, std::string_view text) {
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace

TEST_CASE("a file gives its lines and then its end", "[cli][input]") {
    const aiomisc::test::TempDir dir;
    const auto path = dir.write("abc", "A\nB\nC");
    auto source = FileSource::open(path.string(), '\n');
    std::vector<std::string> items;
    for (std::string item; source->next(item) == Pull::kItem;) {
        items.push_back(item);
    }
    REQUIRE(items == std::vector<std::string>{"A", "B", "C"});
    std::string item;
    REQUIRE(source->next(item) == Pull::kEnd);
}

TEST_CASE("a pipe gives complete lines at once and waits for the rest", "[cli][input]") {
    Pipe pipe = make_pipe();
    FileSource source(std::move(pipe.reader), "pipe", '\n');
    std::string item;
    REQUIRE(source.next(item) == Pull::kWait);
    REQUIRE(source.wait_fd() >= 0);
    write_all(pipe.writer, "one\ntw");
    REQUIRE(source.next(item) == Pull::kItem);
    REQUIRE(item == "one");
    REQUIRE(source.next(item) == Pull::kWait);
    write_all(pipe.writer, "o");
    REQUIRE(source.next(item) == Pull::kWait);
    pipe.writer.reset();
    REQUIRE(source.next(item) == Pull::kItem);
    REQUIRE(item == "two");
    REQUIRE(source.next(item) == Pull::kEnd);
    REQUIRE(source.next(item) == Pull::kEnd);
}

TEST_CASE("no more is read than items are asked for", "[cli][input]") {
    const aiomisc::test::TempDir dir;
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
        text += "some item\n";
    }
    const auto path = dir.write("many", text);
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const int raw = fd.get();
    FileSource source(std::move(fd), "many", '\n');
    std::string item;
    REQUIRE(source.next(item) == Pull::kItem);
    REQUIRE(::lseek(raw, 0, SEEK_CUR) <= 65536);
}

TEST_CASE("a source that cannot be read is named", "[cli][input]") {
    using aiomisc::test::contains;
    REQUIRE_THROWS_WITH(FileSource::open("/no/such/file", '\n'), contains("/no/such/file"));
    REQUIRE_THROWS_AS(FileSource::open("/", '\n'), aiomisc::SystemError);
}
