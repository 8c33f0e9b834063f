// SPDX-License-Identifier: MIT
#include <aiomisc/cli/output/output_assembler.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <random>
#include <string>

using namespace aiomisc::cli;

namespace {

/// Takes what it is allowed to, and remembers it.
class MemorySink final : public Sink {
public:
    explicit MemorySink(int fd) : fd_(fd) {}

    std::size_t write_some(std::string_view bytes) override {
        if (gone) {
            throw ReaderGone("gone");
        }
        const std::string_view taken = bytes.substr(0, room);
        room -= taken.size();
        text += taken;
        return taken.size();
    }

    [[nodiscard]] int wait_fd() const noexcept override { return fd_; }

    std::string take() { return std::exchange(text, {}); }

    std::string text;
    std::size_t room = std::size_t{1} << 40;
    bool gone = false;

private:
    int fd_;
};

constexpr auto kOut = OutputStream::kOut;
constexpr auto kErr = OutputStream::kErr;

struct Bench {
    explicit Bench(OutputOptions options) : assembler(options, out, err) {}

    std::string printed() {
        REQUIRE(assembler.drain());
        return out.take();
    }

    MemorySink out{101};
    MemorySink err{102};
    OutputAssembler assembler;
};

}  // namespace

TEST_CASE(
    "in groups a job's output comes when it ends, stdout before stderr", "[cli][output][L36]") {
    Bench bench({});
    bench.assembler.begin(1, "", "");
    bench.assembler.begin(2, "", "");
    bench.assembler.write(1, kErr, "err 1\n");
    bench.assembler.write(1, kOut, "out 1\n");
    bench.assembler.write(2, kOut, "out 2\n");
    REQUIRE(bench.printed().empty());
    bench.assembler.finish(2);
    REQUIRE(bench.printed() == "out 2\n");
    REQUIRE(bench.err.take().empty());
    bench.assembler.finish(1);
    REQUIRE(bench.printed() == "out 1\n");
    REQUIRE(bench.err.take() == "err 1\n");
    REQUIRE(bench.assembler.idle());
}

TEST_CASE("with keep-order a job waits for those before it", "[cli][output][L34][L39]") {
    Bench bench({.keep_order = true});
    for (const std::uint64_t seq : {1, 2, 4}) {
        bench.assembler.begin(seq, "", "");
    }
    bench.assembler.write(4, kOut, "d");
    bench.assembler.finish(4);
    bench.assembler.write(2, kOut, "b");
    bench.assembler.finish(2);
    REQUIRE(bench.printed().empty());
    bench.assembler.write(1, kOut, "a");
    bench.assembler.finish(1);
    REQUIRE(bench.printed() == "abd");  // and nothing is added to lines without an end
}

TEST_CASE("line mode prints whole lines as they come", "[cli][output][L38]") {
    Bench bench({.mode = OutputMode::kLineBuffer});
    bench.assembler.begin(1, "", "");
    bench.assembler.begin(2, "", "");
    bench.assembler.write(1, kOut, "1-a");
    bench.assembler.write(2, kOut, "2-a\n2-");
    REQUIRE(bench.printed() == "2-a\n");
    bench.assembler.write(1, kOut, " and\nmore");
    REQUIRE(bench.printed() == "1-a and\n");
    bench.assembler.finish(2);
    REQUIRE(bench.printed() == "2-");
    bench.assembler.finish(1);
    REQUIRE(bench.printed() == "more");
}

TEST_CASE("line mode in order prints the first job while it runs", "[cli][output][L38]") {
    Bench bench({.mode = OutputMode::kLineBuffer, .keep_order = true});
    bench.assembler.begin(1, "", "");
    bench.assembler.begin(2, "", "");
    bench.assembler.begin(3, "", "");
    bench.assembler.write(2, kOut, "two\nrest of two");
    bench.assembler.write(3, kErr, "three\n");
    bench.assembler.write(1, kOut, "one\n");
    REQUIRE(bench.printed() == "one\n");
    bench.assembler.finish(1);
    REQUIRE(bench.printed() == "two\n");  // its turn has come, it still runs
    bench.assembler.finish(3);
    bench.assembler.finish(2);
    REQUIRE(bench.printed() == "rest of two");
    REQUIRE(bench.err.take() == "three\n");
}

TEST_CASE("ungrouped output goes straight through", "[cli][output]") {
    Bench bench({.mode = OutputMode::kUngrouped, .keep_order = true});
    bench.assembler.begin(1, "", "");
    bench.assembler.begin(2, "", "");
    bench.assembler.write(2, kOut, "b");
    bench.assembler.write(1, kOut, "a");
    REQUIRE(bench.printed() == "ba");
    bench.assembler.finish(2);
    bench.assembler.finish(1);
}

TEST_CASE("a tag begins every line, the last without an end, too", "[cli][output][L37]") {
    Bench bench({.tag = "{}"});
    bench.assembler.begin(1, "A x", "");
    bench.assembler.write(1, kOut, "one\n\ntw");
    bench.assembler.write(1, kOut, "o");
    bench.assembler.write(1, kErr, "err");
    bench.assembler.finish(1);
    REQUIRE(bench.printed() == "A x\tone\nA x\t\nA x\ttwo");
    REQUIRE(bench.err.take() == "A x\terr");
    bench.assembler.begin(2, "", "");  // an empty item is a tag, too
    bench.assembler.write(2, kOut, "x\n");
    bench.assembler.finish(2);
    REQUIRE(bench.printed() == "\tx\n");
}

TEST_CASE("a preamble comes first, once, and without a tag", "[cli][output][L33]") {
    Bench bench({.tag = "{}"});
    bench.assembler.begin(1, "T", "the command\n");
    bench.assembler.write(1, kOut, "bad\n");
    bench.assembler.discard(1);
    bench.assembler.write(1, kOut, "good\n");
    bench.assembler.finish(1);
    REQUIRE(bench.printed() == "the command\nT\tgood\n");
    Bench lines({.mode = OutputMode::kLineBuffer});
    lines.assembler.begin(1, "", "the command\n");
    REQUIRE(lines.printed() == "the command\n");
    lines.assembler.finish(1);
}

TEST_CASE("output of a failed attempt is dropped", "[cli][output][L54]") {
    Bench bench({});
    bench.assembler.begin(1, "", "");
    bench.assembler.write(1, kOut, "bad\n");
    bench.assembler.write(1, kErr, "bad\n");
    bench.assembler.discard(1);
    bench.assembler.write(1, kOut, "good\n");
    bench.assembler.finish(1);
    REQUIRE(bench.printed() == "good\n");
    REQUIRE(bench.err.take().empty());
}

TEST_CASE("in line mode only what was not printable yet can be dropped", "[cli][output][L54]") {
    Bench bench({.mode = OutputMode::kLineBuffer, .keep_order = true});
    bench.assembler.begin(1, "", "");
    bench.assembler.begin(2, "", "");
    bench.assembler.write(1, kOut, "line\npart");
    bench.assembler.write(2, kOut, "line of 2\npart");
    bench.assembler.discard(1);
    bench.assembler.discard(2);
    bench.assembler.write(1, kOut, "again\n");
    bench.assembler.finish(1);
    bench.assembler.finish(2);
    REQUIRE(bench.printed() == "line\nagain\n");
}

TEST_CASE("printing goes on where a full sink stopped it", "[cli][output]") {
    Bench bench({.tag = "{}"});
    bench.assembler.begin(1, "tag", "pre\n");
    bench.assembler.write(1, kOut, "one\ntwo\n");
    bench.assembler.write(1, kErr, "err\n");
    bench.assembler.finish(1);
    std::string text;
    bench.err.room = 0;
    bench.out.room = 1;
    while (!bench.assembler.drain() && bench.assembler.blocked_fd() == 101) {
        bench.out.room = 1;
    }
    REQUIRE(bench.assembler.blocked_fd() == 102);
    REQUIRE(bench.out.take() == "pre\ntag\tone\ntag\ttwo\n");
    bench.err.room = 100;
    REQUIRE(bench.assembler.drain());
    REQUIRE(bench.err.take() == "tag\terr\n");
    REQUIRE(bench.assembler.blocked_fd() == -1);
}

TEST_CASE("a reader that went away is reported", "[cli][output]") {
    Bench bench({});
    bench.assembler.begin(1, "", "");
    bench.assembler.write(1, kOut, "x");
    bench.assembler.finish(1);
    bench.out.gone = true;
    REQUIRE_THROWS_AS(bench.assembler.drain(), ReaderGone);
}

TEST_CASE(
    "however output is cut and spilled, each job's arrives whole and in order",
    "[cli][output][L35]") {
    const aiomisc::test::TempDir dir;
    std::mt19937 random(99);
    for (int round = 0; round < 40; ++round) {
        const bool keep_order = round % 2 == 0;
        const auto mode = round % 3 == 0 ? OutputMode::kLineBuffer : OutputMode::kGroup;
        Bench bench(
            {.mode = mode,
             .keep_order = keep_order,
             .spill_directory = dir.path().string(),
             .spill_bytes = random() % 300});
        constexpr std::uint64_t kJobs = 6;
        std::vector<std::string> expected(kJobs + 1);
        std::vector<std::uint64_t> running;
        for (std::uint64_t seq = 1; seq <= kJobs; ++seq) {
            bench.assembler.begin(seq, "", "");
            running.push_back(seq);
        }
        std::string printed;
        bench.out.room = 0;
        while (!running.empty()) {
            const std::size_t index = random() % running.size();
            const std::uint64_t seq = running[index];
            if (random() % 20 == 0) {
                bench.assembler.finish(seq);
                running.erase(running.begin() + static_cast<std::ptrdiff_t>(index));
            } else {
                // Every line names its job and is numbered; it is written in two pieces.
                const std::string line =
                    std::to_string(seq) + ":" + std::to_string(expected[seq].size()) +
                    std::string(random() % 200, static_cast<char>('a' + seq)) + "\n";
                const std::size_t cut = random() % line.size();
                bench.assembler.write(seq, kOut, std::string_view(line).substr(0, cut));
                bench.assembler.write(seq, kOut, std::string_view(line).substr(cut));
                expected[seq] += line;
            }
            bench.out.room = random() % 400;
            bench.assembler.drain();
            printed += bench.out.take();
        }
        bench.out.room = std::size_t{1} << 30;
        printed += bench.printed();
        std::vector<std::string> found(kJobs + 1);
        for (std::size_t at = 0; at < printed.size();) {
            const std::size_t end = printed.find('\n', at) + 1;
            found[static_cast<std::size_t>(printed[at] - '0')] += printed.substr(at, end - at);
            at = end;
        }
        REQUIRE(found == expected);
        if (keep_order) {
            std::string all;
            for (const std::string& text : expected) {
                all += text;
            }
            REQUIRE(printed == all);
        }
    }
}

TEST_CASE("jobs that wait for one before them fill the assembler", "[cli][output]") {
    Bench bench({.keep_order = true, .tag = "{}"});
    const std::string tag(1 << 20, 't');
    bench.assembler.begin(1, "", "");
    std::uint64_t seq = 1;
    while (!bench.assembler.full()) {
        REQUIRE(seq <= 32);
        bench.assembler.begin(++seq, tag, "");
        bench.assembler.write(seq, kOut, "x");
        bench.assembler.finish(seq);
    }
    REQUIRE(seq >= 32);
    bench.assembler.finish(1);
    REQUIRE(bench.assembler.full());  // until they are printed
    REQUIRE(bench.printed().size() == (seq - 1) * (tag.size() + 2));
    REQUIRE_FALSE(bench.assembler.full());
}

TEST_CASE("jobs that wait for the reader fill the assembler", "[cli][output]") {
    Bench bench({});
    bench.out.room = 0;
    std::uint64_t seq = 0;
    while (!bench.assembler.full()) {
        REQUIRE(seq < 65536);
        bench.assembler.begin(++seq, "", "");
        bench.assembler.write(seq, kOut, "x");
        bench.assembler.finish(seq);
        REQUIRE_FALSE(bench.assembler.drain());
    }
    bench.out.room = 1;
    REQUIRE_FALSE(bench.assembler.drain());
    REQUIRE_FALSE(bench.assembler.full());
    bench.out.room = seq;
    REQUIRE(bench.printed().size() == seq);
}

TEST_CASE("a job that printed nothing does not wait for those before it", "[cli][output]") {
    Bench bench({.keep_order = true, .tag = "{}"});
    bench.assembler.begin(1, "", "");
    for (std::uint64_t seq = 2; seq < 100; ++seq) {
        bench.assembler.begin(seq, std::string(1 << 20, 't'), "");
        bench.assembler.write(seq, kOut, "of an attempt that failed");
        bench.assembler.discard(seq);
        bench.assembler.finish(seq);
    }
    REQUIRE_FALSE(bench.assembler.full());
    bench.assembler.begin(100, "last", "");
    bench.assembler.write(100, kOut, "x");
    bench.assembler.finish(100);
    REQUIRE(bench.printed().empty());
    bench.assembler.finish(1);
    REQUIRE(bench.printed() == "last\tx");
}

TEST_CASE("a job that is abandoned holds nobody up", "[cli][output]") {
    Bench bench({.keep_order = true});
    for (const std::uint64_t seq : {1, 2, 3}) {
        bench.assembler.begin(seq, "", "");
        bench.assembler.write(seq, kOut, std::to_string(seq));
    }
    bench.assembler.finish(2);
    bench.assembler.abandon(2);  // it has finished
    bench.assembler.abandon(1);
    bench.assembler.abandon(4);  // it was never begun
    REQUIRE(bench.printed() == "2");
    bench.assembler.finish(3);
    REQUIRE(bench.printed() == "3");
}
