// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

using namespace aiomisc::test;

namespace fs = std::filesystem;

namespace {

/// All files below a folder of the working directory, sorted.
Words files_below(const Launcher& launcher, const std::string& folder) {
    Words files;
    for (const auto& entry : fs::recursive_directory_iterator(launcher.work() / folder)) {
        if (!entry.is_directory()) {
            files.push_back(fs::relative(entry.path(), launcher.work() / folder));
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// What a reader that knows RFC 4180 makes of a table.
std::vector<Words> read_csv(const std::string& text) {
    std::vector<Words> rows(1, Words(1));
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string& field = rows.back().back();
        if (text[at] == '"' && quoted && text.substr(at + 1, 1) == "\"") {
            field += text[at++];
        } else if (text[at] == '"') {
            quoted = !quoted;
        } else if (text[at] == ',' && !quoted) {
            rows.back().emplace_back();
        } else if (text[at] == '\n' && !quoted) {
            rows.emplace_back(1);
        } else {
            field += text[at];
        }
    }
    REQUIRE(rows.back() == Words{""});
    rows.pop_back();
    return rows;
}

/// Runs the launcher where `folder` is a disk of one MiB.
Process start_on_small_disk(const Launcher& launcher, const std::string& folder, Words words) {
    // Where a process may not mount anything, no file may be larger.
    const std::string script = R"(cd "$1"; disk=$2; shift 2; mkdir -p "$disk"
        if unshare -Urm true 2>/dev/null; then
            exec unshare -Urm sh -c 'mount -t tmpfs -o size=1m none "$0" && exec "$@"' "$disk" "$@"
        fi
        trap '' XFSZ; ulimit -f 2048; exec "$@")";
    words.insert(
        words.begin(), {"/bin/sh", "-c", script, "sh", launcher.work(), folder, AIOMISC_TEST_RUN});
    return Process::start(std::move(words), {.merge_stderr = true});
}

}  // namespace

TEST_CASE("the output of each job is kept in a folder of its own", "[launcher][AR-40]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-k", "--results", "r", "echo {1}{2}; echo e >&2", ":::", "I", ":::", "a/b", "..", ""});
    CHECK(outcome.status.code == 0);
    CHECK(outcome.out == "Ia/b\nI..\nI\n");
    CHECK(outcome.err == "e\ne\ne\n");
    CHECK(launcher.files() == Words{"r"});
    CHECK(
        files_below(launcher, "r") == Words{
                                          "1/I/2/\\../seq",
                                          "1/I/2/\\../stderr",
                                          "1/I/2/\\../stdout",
                                          "1/I/2/\\e/seq",
                                          "1/I/2/\\e/stderr",
                                          "1/I/2/\\e/stdout",
                                          "1/I/2/a\\_b/seq",
                                          "1/I/2/a\\_b/stderr",
                                          "1/I/2/a\\_b/stdout"});
    CHECK(launcher.read("r/1/I/2/a\\_b/stdout") == "Ia/b\n");
    CHECK(launcher.read("r/1/I/2/a\\_b/stderr") == "e\n");
    CHECK(launcher.read("r/1/I/2/\\e/seq") == "3");
}

TEST_CASE("results may be named by a template", "[launcher]") {
    Launcher launcher;
    CHECK(
        launcher.run({"--res", "out/{1}-{2}", "echo", ":::", "a", ":::", "b/c"}).out == "a b/c\n");
    CHECK(files_below(launcher, "out") == Words{"a-b\\_c", "a-b\\_c.err", "a-b\\_c.seq"});
    CHECK(launcher.read("out/a-b\\_c") == "a b/c\n");
    CHECK(launcher.run({"--results", "{/.}/", "echo", ":::", "x/y.z"}).status.code == 0);
    CHECK(files_below(launcher, "y") == Words{"seq", "stderr", "stdout"});
}

TEST_CASE("no job replaces what another one of its run printed", "[launcher]") {
    const std::vector<Words> runs = {
        {"out/{1}-{2}", "echo {}", ":::", "a", "a-b", ":::+", "b-c", "c"},
        {"out/{1}-{2}/", "echo {}", ":::", "a", "a-b", ":::+", "b-c", "c"},
        {"out/{/}", "echo {}", ":::", "x/a-b-c", "y/a-b-c"}};
    for (const Words& words : runs) {
        Launcher launcher;
        Words run = words;
        run.insert(run.begin(), {"-j1", "--joblog", "log", "--results"});
        const Outcome outcome = launcher.run(run);
        CHECK(outcome.status.code == 255);
        CHECK_THAT(outcome.err, contains("job 2 would replace what job 1 printed, out/a-b-c"));
        CHECK(rows_of(launcher.read("log")).size() == 1);
        const std::string file = words[0].ends_with('/') ? "out/a-b-c/stdout" : "out/a-b-c";
        CHECK_THAT(launcher.read(file), starts_with(words[3] == "a" ? "a b-c" : "x/a-b-c"));
    }
    Launcher launcher;
    const Outcome apart = launcher.run({"--results", "{#}-{1}", "echo", ":::", "a", "a"});
    CHECK(apart.status.code == 0);
    CHECK(launcher.read("1-a") == launcher.read("2-a"));
}

TEST_CASE("another run and another attempt replace results", "[launcher]") {
    Launcher launcher;
    const Words end{"--results", "out/{/}", "--retries", "2", "--joblog", "log"};
    const auto run = [&](Words begin, const Words& items) {
        begin.insert(begin.end(), end.begin(), end.end());
        begin.push_back("echo {//} {#} $AIOMISC_ATTEMPT; exit {//}");
        begin.push_back(":::");
        begin.insert(begin.end(), items.begin(), items.end());
        return launcher.run(begin).status.code;
    };
    CHECK(run({}, {"0/a", "1/b"}) == 1);
    CHECK(launcher.read("out/b") == "1 2 2\n");
    CHECK(run({"--resume-failed"}, {"0/a", "1/b"}) == 1);
    CHECK(launcher.read("out/b.seq") == "2");
    CHECK(run({}, {"0/b", "1/a"}) == 1);
    CHECK(launcher.read("out/b") == "0 1 1\n");
    CHECK(launcher.read("out/a.seq") == "2");
}

TEST_CASE("jobs with the same items share their results", "[launcher]") {
    Launcher launcher;
    CHECK(
        launcher.run({"-N0", "--results", "out/{}", "echo hi", ":::", "1", "2"}).out == "hi\nhi\n");
    CHECK(files_below(launcher, "out") == Words{"\\e", "\\e.err", "\\e.seq"});
    CHECK(launcher.read("out/\\e") == "hi\n");
    CHECK(launcher.run({"--results", "r/{}", "echo", ":::", "a", "a"}).status.code == 0);
    CHECK(launcher.read("r/a") == "a\n");
}

TEST_CASE("results in a table that other programs read", "[launcher][AR-42]") {
    Launcher launcher;
    const std::string hostile = "a\"b,c\r\nd";
    const Outcome outcome = launcher.run(
        {"-k", "-0", "--results", "o.csv", "printf %s {}; echo e >&2; exit 3"},
        {.input = "I" + std::string(1, '\0') + hostile});
    CHECK(outcome.status.code == 2);
    CHECK(outcome.out == "I" + hostile);
    auto rows = read_csv(launcher.read("o.csv"));
    REQUIRE(rows.size() == 3);
    CHECK(
        rows[0] == Words{
                       "Seq",
                       "Host",
                       "Starttime",
                       "JobRuntime",
                       "Send",
                       "Receive",
                       "Exitval",
                       "Signal",
                       "Command",
                       "V1",
                       "Stdout",
                       "Stderr"});
    std::sort(rows.begin() + 1, rows.end());
    for (const std::size_t row : {1, 2}) {
        const std::string item = row == 1 ? "I" : hostile;
        REQUIRE(rows[row].size() == 12);
        CHECK(rows[row][0] == std::to_string(row));
        CHECK(rows[row][6] == "3");
        CHECK(rows[row][9] == item);
        CHECK(rows[row][10] == item);
        CHECK(rows[row][11] == "e\n");
    }
    CHECK(launcher.run({"--results", "o.jsonl", "echo", ":::", "I", "J"}).status.code == 0);
    CHECK(lines_of(launcher.read("o.jsonl")).size() == 2);
    CHECK_THAT(launcher.read("o.jsonl"), contains(R"("V":["J"],"Stdout":"J\n","Stderr":"")"));
}

TEST_CASE("rows of a table are as wide as the first one, or told of", "[launcher]") {
    Launcher launcher;
    const Words job{"-k", "-j1", "-C", ",", "--results"};
    const auto run = [&](const std::string& table, const Words& items) {
        Words words = job;
        words.insert(words.end(), {table, "echo", ":::"});
        words.insert(words.end(), items.begin(), items.end());
        return launcher.run(words);
    };
    const Outcome wider = run("r.csv", {"a", "b,c,d", "e"});
    CHECK(wider.status.code == 255);
    CHECK_THAT(wider.err, contains("job 2 has 3 items") && contains("r.csv only one column"));
    const auto rows = read_csv(launcher.read("r.csv"));
    REQUIRE(rows.size() == 2);
    CHECK(rows[1][9] == "a");
    CHECK(run("r.csv", {"b,c,d", "a"}).status.code == 0);
    const auto wide = read_csv(launcher.read("r.csv"));
    REQUIRE(wide.size() == 3);
    CHECK(Words(wide[1].begin() + 9, wide[1].begin() + 12) == Words{"b", "c", "d"});
    CHECK(Words(wide[2].begin() + 9, wide[2].begin() + 12) == Words{"a", "", ""});
    CHECK(run("new/r.jsonl", {"a", "b,c,d"}).status.code == 0);
    CHECK_THAT(launcher.read("new/r.jsonl"), contains(R"("V":["b","c","d"])"));
}

TEST_CASE("results are those of the last attempt", "[launcher]") {
    Launcher launcher;
    const std::string job = "echo $AIOMISC_ATTEMPT; test $AIOMISC_ATTEMPT = 2 || exit 1; : {}";
    CHECK(launcher.run({"--retries", "3", "--results", "r", job, ":::", "a"}).out == "2\n");
    CHECK(launcher.read("r/1/a/stdout") == "2\n");
    CHECK(launcher.run({"--retries", "3", "--results", "o.csv", job, ":::", "a"}).out == "2\n");
    const auto rows = read_csv(launcher.read("o.csv"));
    REQUIRE(rows.size() == 2);
    CHECK(rows[1][10] == "2\n");
}

TEST_CASE("results of a job function are kept like those of a command", "[launcher]") {
    Launcher launcher;
    launcher.write("text", "one\ntwo\n");
    const Outcome outcome =
        launcher.run({"--results", "r", job_module("lines"), "file={}", ":::", "text"});
    CHECK(outcome.out == "text: 2 lines\n");
    CHECK(launcher.read("r/1/text/stdout") == "text: 2 lines\n");
}

TEST_CASE("there are no results of jobs that the end of the run ended", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-j2",
         "--halt",
         "now,fail=1",
         "--results",
         "r",
         "echo {}; case {} in A) : >A; sleep 300;; B) while ! test -e A; do sleep 0.01; done; "
         "exit 3;; esac",
         ":::",
         "A",
         "B"});
    CHECK(outcome.status.code == 3);
    CHECK(files_below(launcher, "r") == Words{"1/B/seq", "1/B/stderr", "1/B/stdout"});
}

TEST_CASE("results appear when their job has ended, and a killed run leaves none", "[launcher]") {
    Launcher launcher;
    Process process = launcher.start(
        {"-j2",
         "--results",
         "r",
         "head -c 200000 /dev/zero; : >begun-{}; test {} = B || sleep 300",
         ":::",
         "A",
         "B"});
    REQUIRE(launcher.wait_for("begun-A"));
    REQUIRE(launcher.wait_for("r/1/B/seq"));
    CHECK(files_below(launcher, "r") == Words{"1/B/seq", "1/B/stderr", "1/B/stdout"});
    CHECK(fs::file_size(launcher.work() / "r/1/B/stdout") == 200'000);
    process.send_signal(SIGKILL);
    process.wait();
    CHECK(nothing_left_of(process));
    CHECK(files_below(launcher, "r").size() == 3);
}

TEST_CASE(
    "what the log calls done has complete results, whenever the run is killed", "[launcher]") {
    std::string items;
    for (int item = 1; item <= 300; ++item) {
        items += std::to_string(item) + "\n";
    }
    for (const std::size_t rows : {1, 17, 60}) {
        Launcher launcher;
        Process process = launcher.start(
            {"-j4", "--joblog", "log", "--results", "r", "seq 2000; : {}"},
            {.input = items, .output_to_file = true});
        REQUIRE(wait_until(
            [&] {
                return fs::exists(launcher.work() / "log") &&
                       lines_of(launcher.read("log")).size() > rows;
            },
            std::chrono::seconds(20)));
        process.send_signal(SIGKILL);
        process.wait();
        CHECK(nothing_left_of(process));
        const auto done = rows_of(launcher.read("log"));
        CHECK(done.size() >= rows);
        for (const auto& row : done) {
            const std::string folder = "r/1/" + row[0];
            CHECK(lines_of(launcher.read(folder + "/stdout")).size() == 2000);
            CHECK(launcher.read(folder + "/seq") == row[0]);
        }
        for (const std::string& file : files_below(launcher, "r")) {
            CHECK_THAT(file, starts_with("1/"));  // nothing that has a name for a while
        }
    }
}

TEST_CASE("results cannot be planted", "[launcher]") {
    Launcher launcher;
    fs::create_directories(launcher.work() / "r/1");
    fs::create_directory(launcher.work() / "outside");
    fs::create_directory_symlink("../../outside", launcher.work() / "r/1/A");
    const Outcome outcome = launcher.run({"--results", "r", "echo", ":::", "A"});
    CHECK(outcome.status.code == 255);
    CHECK_THAT(outcome.err, contains("r/1/A"));
    CHECK(fs::is_empty(launcher.work() / "outside"));
}

TEST_CASE("results that cannot be kept are told before any job starts", "[launcher]") {
    Launcher launcher;
    launcher.write("file", "");
    for (const std::string where :
         {"file/r", "file/o.csv", "{}/../x", "new/{#}.csv", "-.csv", ""}) {
        const Outcome outcome = launcher.run({"--results", where, "touch started-{}", ":::", "A"});
        CHECK(outcome.status.code == 255);
        CHECK_FALSE(outcome.err.empty());
    }
    CHECK(launcher.run({"--files", "--results", "o.csv", "echo", ":::", "A"}).status.code == 255);
    CHECK(launcher.files() == Words{"file"});
}

TEST_CASE("names of files stand in for output", "[launcher]") {
    Launcher launcher;
    const Outcome outcome =
        launcher.run({"-k", "--files", "--tag", "echo {}; echo e >&2", ":::", "a", "b"});
    CHECK(outcome.err == "a\te\nb\te\n");
    const Words lines = lines_of(outcome.out);
    REQUIRE(lines.size() == 2);
    for (const std::size_t index : {0, 1}) {
        const std::string item = index == 0 ? "a" : "b";
        const std::string prefix = item + "\t" + launcher.temporary().string() + "/";
        REQUIRE_THAT(lines[index], starts_with(prefix));
        const fs::path file = lines[index].substr(2);
        CHECK((fs::status(file).permissions() & fs::perms(0077)) == fs::perms::none);
        CHECK(fs::file_size(file) == 2);
    }
    CHECK(
        launcher.run({"-k", "--files", "--results", "r", "echo", ":::", "a", "b"}).out ==
        "r/1/a/stdout\nr/1/b/stdout\n");
}

TEST_CASE("results are kept by the names of a header", "[launcher][results]") {
    Launcher launcher;
    launcher.write("sizes.csv", "w,h\n3,4\n");
    const Outcome tree = launcher.run(
        {"--csv", "--header", ":", "--results", "r", "-a", "sizes.csv", "echo", "{w}x{h}"});
    CHECK(tree.status.code == 0);
    CHECK(launcher.read("r/w/3/h/4/stdout") == "3x4\n");
    const Outcome table = launcher.run(
        {"--csv", "--header", ":", "--results", "r.csv", "-a", "sizes.csv", "echo", "{w}x{h}"});
    CHECK(table.status.code == 0);
    const std::vector<std::string> lines = lines_of(launcher.read("r.csv"));
    CHECK_THAT(lines.at(0), contains("w,h"));
}

TEST_CASE("a job that could not be recorded is one of those that are left", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run(
        {"-j1", "-C", ",", "--results", "o.csv", "echo", ":::", "a", "b,too,wide", "c", "d"});
    CHECK(outcome.status.code == 255);
    CHECK_THAT(outcome.err, contains("1 job: 1 succeeded, 3 not run"));
}

TEST_CASE("a disk that is full ends the run", "[launcher][AR-44]") {
    // Each of them prints more than the disk holds; the last two never stop by themselves.
    const std::vector<Words> runs = {
        {"--tmpdir", "disk", "head -c 3000000 /dev/zero; : {}", ":::", "A"},
        {"--results", "disk/r", "head -c 3000000 /dev/zero; : {}", ":::", "A"},
        {"--results", "disk/o.csv", "--tmpdir", ".", "head -c 3000000 /dev/zero; : {}", ":::", "A"},
        {"--tmpdir", "disk", "yes; : {}", ":::", "A"},
        {"--results", "disk/r", "yes; : {}", ":::", "A"}};
    for (const Words& words : runs) {
        Launcher launcher;
        Process process = start_on_small_disk(launcher, "disk", words);
        const std::string said = process.read_all(std::chrono::seconds(60));
        CHECK(process.wait().code == 255);
        CHECK_THAT(said, contains("output is incomplete"));
        CHECK(said.size() < 1000);  // never a part of the output
        CHECK(nothing_left_of(process));
    }
}
