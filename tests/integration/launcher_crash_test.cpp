// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>

// A run that is killed at any moment, and resumed until everything is done: nothing is lost, what
// is recorded as done is never done again, and no file is torn.

using namespace aiomisc::test;

namespace {

namespace fs = std::filesystem;

constexpr int kItems = 60;
constexpr int kKills = 6;

/// More of them: AIOMISC_CRASH_SEEDS=100.
int seeds() {
    const char* const text = std::getenv("AIOMISC_CRASH_SEEDS");  // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? 2 : std::atoi(text);                 // NOLINT(cert-err34-c)
}

/// An item that is hostile, and a number that tells which it is.
struct Item {
    int number;
    std::string text;
};

std::vector<Item> make_items() {
    const std::string hostile[] = {"plain", "it's", "a  b", "$(x)", "\xff\xfe", "\"q\\"};
    std::vector<Item> items;
    for (int number = 1; number <= kItems; ++number) {
        items.push_back({number, hostile[number % 6]});
    }
    return items;
}

/// Writes two sources, to be walked in step.
void write_items(const Launcher& launcher, const std::vector<Item>& items) {
    std::string numbers;
    std::string texts;
    for (const Item& item : items) {
        numbers += std::to_string(item.number) + "\n";
        texts += item.text + "\n";
    }
    launcher.write("numbers", numbers);
    launcher.write("texts", texts);
}

/// How often each item is recorded as done. A line that does not end, or has an empty one behind
/// it, is no record.
std::map<std::string, int> recorded(const Launcher& launcher, const std::string& log) {
    std::map<std::string, int> counts;
    if (!fs::exists(launcher.work() / log)) {
        return counts;
    }
    const std::string text = launcher.read(log);
    Words lines = lines_of(text);
    if (!text.ends_with('\n') && !lines.empty()) {
        lines.pop_back();
    }
    // Each command names its number in this way, and no other record has a command with a number.
    const std::string mark = "ran/n";
    for (std::size_t at = 0; at < lines.size(); ++at) {
        const bool torn = at + 1 < lines.size() && lines[at + 1].empty();
        const std::size_t place = lines[at].rfind(mark);
        const std::string rest =
            place == std::string::npos ? std::string() : lines[at].substr(place + mark.size());
        const std::string number = rest.substr(0, rest.find_first_not_of("0123456789"));
        if (!torn && !number.empty()) {
            ++counts[number];
        }
    }
    return counts;
}

/// How often each item was run to its end.
std::map<std::string, std::uintmax_t> effects(const Launcher& launcher) {
    std::map<std::string, std::uintmax_t> counts;
    for (const auto& entry : fs::directory_iterator(launcher.work() / "ran")) {
        counts[entry.path().filename().string().substr(1)] = entry.file_size();
    }
    return counts;
}

/// As a computer that loses its power may leave the file.
void tear(const Launcher& launcher, const std::string& log, std::minstd_rand& random) {
    if (!fs::exists(launcher.work() / log)) {
        return;
    }
    const std::string text = launcher.read(log);
    const std::size_t last = text.size() < 2 ? 0 : text.rfind('\n', text.size() - 2) + 1;
    if (last > 0 && text.find("ran/n", last) != std::string::npos) {
        launcher.write(log, text.substr(0, last + 1 + random() % (text.size() - last - 1)));
    }
}

/// What each job prints, and its file among the results must hold.
const std::string& output_of_job() {
    static const std::string text = [] {
        std::string lines;
        for (int number = 1; number <= 2000; ++number) {
            lines += std::to_string(number) + "\n";
        }
        return lines;
    }();
    return text;
}

/// Results are there as a whole or not at all.
bool has_results(const Launcher& launcher, const std::string& number) {
    const std::string file = "r/" + number + "/stdout";
    const bool there = fs::exists(launcher.work() / file);
    REQUIRE((!there || launcher.read(file) == output_of_job()));
    return there && fs::exists(launcher.work() / "r" / number / "seq");
}

/// Starts the run, and kills it soon unless it is to come to its end.
ExitStatus run(Launcher& launcher, const std::string& log, std::optional<Milliseconds> kill_after) {
    Process process = launcher.start(
        {"-j4",
         "--resume",
         "--joblog",
         log,
         "--results",
         "r/{1}/",
         ": {2}; sleep 0.00$(({1} % 5)); seq 2000; printf x >>ran/n{1}",
         "::::",
         "numbers",
         "::::+",
         "texts"},
        {.output_to_file = true});
    process.close_stdin();
    if (kill_after) {
        std::this_thread::sleep_for(*kill_after);  // the moment is what is random here
        process.send_signal(SIGKILL);
    }
    const ExitStatus status = process.wait();
    REQUIRE(nothing_left_of(process));
    return status;
}

void crash_until_done(const std::string& log, unsigned seed) {
    INFO(log << ", seed " << seed);
    std::minstd_rand random(seed);
    Launcher launcher;
    fs::create_directory(launcher.work() / "ran");
    std::vector<Item> items = make_items();
    for (int kills = 0; kills <= kKills; ++kills) {
        if (log != "log") {
            std::shuffle(items.begin(), items.end(), random);
        }
        write_items(launcher, items);
        const auto done_before = recorded(launcher, log);
        const auto runs_before = effects(launcher);
        const bool kill = kills < kKills;
        const ExitStatus status = run(
            launcher, log, kill ? std::optional(Milliseconds(20 + random() % 120)) : std::nullopt);
        const auto done = recorded(launcher, log);
        const auto runs = effects(launcher);
        for (const auto& [number, count] : done) {
            INFO("item " << number);
            REQUIRE(count == 1);               // recorded as done once
            REQUIRE(runs.count(number) == 1);  // and not before its effect
            REQUIRE(has_results(launcher, number));
        }
        for (const auto& [number, count] : done_before) {
            INFO("item " << number);
            REQUIRE(done.count(number) == 1);
            REQUIRE(runs.at(number) == runs_before.at(number));  // not done again
        }
        if (kill && random() % 2 == 0) {
            tear(launcher, log, random);
        }
        for (const Item& item : items) {
            has_results(launcher, std::to_string(item.number));
        }
        if (!kill) {
            CHECK(status.code == 0);
            CHECK(launcher.err().find("damaged") == std::string::npos);
            CHECK(done.size() == kItems);
        }
    }
}

/// What this process starts may not write files larger than that.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }

    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("a run that is killed again and again loses nothing and repeats nothing", "[launcher]") {
    for (int seed = 1; seed <= seeds(); ++seed) {
        crash_until_done("log", static_cast<unsigned>(seed));
        crash_until_done("log.jsonl", static_cast<unsigned>(seed));
    }
}

TEST_CASE("a record that cannot be written stops the run and is not missed", "[launcher]") {
    // Room for the beginning and some jobs, not for all.
    const std::pair<std::string, rlim_t> logs[] = {{"log", 500}, {"log.jsonl", 2500}};
    for (const auto& [name, size] : logs) {
        const std::string& log = name;
        const rlim_t bytes = size;
        INFO(log);
        Launcher launcher;
        const Words run{"-j2", "--resume", "--joblog", log,  "printf x >>n{}",
                        ":::", "1",        "2",        "3",  "4",
                        "5",   "6",        "7",        "8",  "9",
                        "10",  "11",       "12",       "13", "14",
                        "15",  "16"};
        const auto run_with_limit = [&] {
            const FileSizeLimit limit(bytes);
            return launcher.start(run);
        };
        Process process = run_with_limit();
        process.close_stdin();
        process.read_all();
        CHECK(process.wait().code == 255);
        CHECK_THAT(launcher.err(), contains("write job log " + log));
        const std::string text = launcher.read(log);
        CHECK(text.size() <= bytes);
        CHECK(text.ends_with('\n'));

        CHECK(launcher.run(run).status.code == 0);
        for (int number = 1; number <= 16; ++number) {
            INFO(number);
            const std::string ran = launcher.read("n" + std::to_string(number));
            CHECK((ran == "x" || ran == "xx"));
        }
    }
}
