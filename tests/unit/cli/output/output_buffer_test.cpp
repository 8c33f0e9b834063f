// SPDX-License-Identifier: MIT
#include <aiomisc/cli/output/output_buffer.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/output/sink.h>
#include <aiomisc/runtime/base/error.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <random>
#include <string>

#include <fcntl.h>
#include <unistd.h>

using namespace aiomisc::cli;
using aiomisc::UniqueFd;
using aiomisc::test::TempDir;

namespace {

OutputStore make_store(const TempDir& dir, std::uint64_t buffer_limit, std::uint64_t total_limit) {
    return {
        .file = SpillFile(dir.path().string()),
        .buffer_limit = buffer_limit,
        .total_limit = total_limit};
}

std::string take_all(OutputBuffer& buffer) {
    std::string text;
    while (buffer.size() > 0) {
        const std::string_view front = buffer.front(1000);
        REQUIRE_FALSE(front.empty());
        text += front;
        buffer.pop(front.size());
    }
    return text;
}

}  // namespace

TEST_CASE("what does not fit in memory waits in a file without a name", "[cli][output][L43][L45]") {
    const TempDir dir;
    OutputStore store = make_store(dir, 100, 1000);
    OutputBuffer buffer(store);
    buffer.push(std::string(60, 'a'));
    REQUIRE(store.file.live_bytes() == 0);
    buffer.push(std::string(60, 'b'));
    buffer.push(std::string(500, 'c'));
    REQUIRE(store.file.live_bytes() >= 560);
    REQUIRE(store.in_memory <= 100);
    REQUIRE(std::filesystem::is_empty(dir.path()));
    REQUIRE(
        take_all(buffer) == std::string(60, 'a') + std::string(60, 'b') + std::string(500, 'c'));
    REQUIRE(store.file.live_bytes() == 0);
    REQUIRE(store.in_memory == 0);
}

TEST_CASE("all buffers together keep to the total", "[cli][output]") {
    const TempDir dir;
    OutputStore store = make_store(dir, 1000, 1500);
    OutputBuffer first(store);
    OutputBuffer second(store);
    first.push(std::string(1000, 'a'));
    second.push(std::string(900, 'b'));
    REQUIRE(store.in_memory <= 1500);
    REQUIRE(take_all(second) == std::string(900, 'b'));
    REQUIRE(take_all(first) == std::string(1000, 'a'));
}

TEST_CASE("small pieces go to the file together when the memory is used up", "[cli][output]") {
    const TempDir dir;
    constexpr std::uint64_t kTotal = 400'000;
    OutputStore store = make_store(dir, kTotal, kTotal);
    OutputBuffer full(store);
    full.push(std::string(kTotal, 'a'));
    REQUIRE(store.file.live_bytes() == 0);
    OutputBuffer first(store);
    OutputBuffer second(store);
    for (int count = 0; count < 50; ++count) {
        first.push("b");
        second.push("c");
    }
    REQUIRE(store.file.live_bytes() == 0);
    first.push(std::string(100, 'b'));
    REQUIRE(store.file.live_bytes() == 150);
    second.settle();
    REQUIRE(store.file.live_bytes() == 200);
    REQUIRE(store.in_memory == kTotal);
    REQUIRE(take_all(first) == std::string(150, 'b'));
    REQUIRE(take_all(second) == std::string(50, 'c'));
}

TEST_CASE("a buffer that goes gives back what it held", "[cli][output]") {
    const TempDir dir;
    OutputStore store = make_store(dir, 10, 1000);
    {
        OutputBuffer buffer(store);
        buffer.push(std::string(100, 'a'));
        buffer.push("rest");
    }
    REQUIRE(store.in_memory == 0);
    REQUIRE(store.file.live_bytes() == 0);
}

TEST_CASE("bytes come out of both ends as of a plain string", "[cli][output]") {
    const TempDir dir;
    std::mt19937 random(7);
    OutputStore store = make_store(dir, 50, 120);
    OutputBuffer buffer(store);
    OutputBuffer neighbour(store);  // its pieces lie in between
    std::string model;
    char letter = 'a';
    for (int step = 0; step < 3000; ++step) {
        const std::size_t count = random() % 80;
        switch (random() % 4) {
            case 0: {
                const std::size_t taken = std::min(count, model.size());
                std::string front;
                while (front.size() < taken) {
                    const auto chunk = buffer.front(taken - front.size());
                    front += chunk;
                    buffer.pop(chunk.size());
                }
                REQUIRE(front == model.substr(0, taken));
                model.erase(0, taken);
                break;
            }
            case 1: {
                const std::size_t dropped = std::min(count / 4, model.size());
                buffer.pop_back(dropped);
                model.resize(model.size() - dropped);
                break;
            }
            default:
                letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1);
                buffer.push(std::string(count, letter));
                neighbour.push(std::string(count / 3, '#'));
                model += std::string(count, letter);
        }
        REQUIRE(buffer.size() == model.size());
    }
    REQUIRE(take_all(buffer) == model);
}

TEST_CASE("a directory that cannot be written is named, with what it means", "[cli][output][L44]") {
    const TempDir dir;
    OutputStore store{
        .file = SpillFile((dir / "gone").string()), .buffer_limit = 1, .total_limit = 9};
    OutputBuffer buffer(store);
    REQUIRE_THROWS_WITH(buffer.push("too long"), aiomisc::test::contains("incomplete"));
}

TEST_CASE("a full pipe is waited for and a closed one reported", "[cli][output]") {
    std::array<int, 2> fds{};
    REQUIRE(::pipe2(fds.data(), O_CLOEXEC) == 0);
    UniqueFd reader(fds[0]);
    const UniqueFd writer(fds[1]);
    FdSink sink(writer.get());
    REQUIRE(sink.wait_fd() == writer.get());
    const std::string bytes(100'000, 'x');
    std::size_t written = 0;
    while (const std::size_t count = sink.write_some(bytes)) {
        written += count;
        REQUIRE(written < 10'000'000);
    }
    REQUIRE(written > 0);  // and it did not block
    auto* const before = std::signal(SIGPIPE, SIG_IGN);
    reader.reset();
    REQUIRE_THROWS_AS(sink.write_some(bytes), ReaderGone);
    std::signal(SIGPIPE, before);
}

TEST_CASE("a file takes everything at once", "[cli][output]") {
    const TempDir dir;
    const UniqueFd file(::open((dir / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    FdSink sink(file.get());
    REQUIRE(sink.write_some(std::string(200'000, 'x')) == 200'000);
}
