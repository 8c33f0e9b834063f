// SPDX-License-Identifier: MIT
#include "support/leak_audit.h"

// Catch2 2 hides its listeners without it, by this name.
#define CATCH_CONFIG_EXTERNAL_INTERFACES  // NOLINT(readability-identifier-naming)

#include "support/catch.h"
#include "support/wait_until.h"

#include <atomic>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace aiomisc::test::leak_audit {

namespace {

namespace fs = std::filesystem;

/// The allow-lists and the baseline of the running case; a test may announce from any thread.
struct State {
    std::mutex mutex;
    std::set<pid_t> allowed_children;
    std::set<int> allowed_descriptors;
    std::set<pid_t> allowed_threads;
    Snapshot baseline;
    int leaky_cases = 0;
};

State& state() {
    static State instance;
    return instance;
}

template <typename Number>
Number to_number(const std::string& text) {
    Number number = -1;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// The first line of a small file; empty when it is gone.
std::string first_line(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::map<int, std::string> open_descriptors() {
    std::map<int, std::string> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd", ignored)) {
        // The descriptor of this very listing is closed again by the time anyone compares.
        const fs::path target = fs::read_symlink(entry.path(), ignored);
        if (!target.string().ends_with("/fd") || !target.string().starts_with("/proc/")) {
            found.emplace(to_number<int>(entry.path().filename()), target.string());
        }
    }
    return found;
}

/// ThreadSanitizer starts a thread of its own right before the first of ours, and keeps it.
void hide_sanitizer_thread([[maybe_unused]] std::map<pid_t, std::string>& threads) {
#ifdef AIOMISC_THREAD_SANITIZER
    static std::atomic<pid_t> own = 0;
    threads.erase(own);
    const auto first_after_main = threads.upper_bound(::getpid());
    if (own == 0 && first_after_main != threads.end()) {
        own = first_after_main->first;
        threads.erase(first_after_main);
    }
#endif
}

std::map<pid_t, std::string> running_threads() {
    std::map<pid_t, std::string> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc/self/task", ignored)) {
        const std::string name = first_line(entry.path() / "comm");
        if (!name.empty()) {  // empty: it ended while we looked
            found.emplace(to_number<pid_t>(entry.path().filename()), name);
        }
    }
    hide_sanitizer_thread(found);
    return found;
}

std::map<pid_t, std::string> child_processes() {
    std::map<pid_t, std::string> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc/self/task", ignored)) {
        std::istringstream children(first_line(entry.path() / "children"));
        for (pid_t pid = 0; children >> pid;) {
            found.emplace(pid, first_line("/proc/" + std::to_string(pid) + "/comm"));
        }
    }
    return found;
}

template <typename Number>
void report_new(
    const char* kind,
    const std::map<Number, std::string>& before,
    const std::map<Number, std::string>& after,
    const std::set<Number>& allowed,
    std::vector<std::string>& lines) {
    for (const auto& [number, what] : after) {
        if (!before.contains(number) && !allowed.contains(number)) {
            lines.push_back(std::string(kind) + " " + std::to_string(number) + ": " + what);
        }
    }
}

/// A case that closes what it did not open is as wrong as one that leaves something open.
void report_lost(const Snapshot& before, const Snapshot& after, std::vector<std::string>& lines) {
    for (const auto& [fd, what] : before.descriptors) {
        const auto now = after.descriptors.find(fd);
        if (now == after.descriptors.end()) {
            lines.push_back("descriptor " + std::to_string(fd) + ": closed, was " + what);
        } else if (now->second != what) {
            lines.push_back(
                "descriptor " + std::to_string(fd) + ": " + now->second + ", was " + what);
        }
    }
}

#if AIOMISC_CATCH2_MAJOR == 3
using ListenerBase = Catch::EventListenerBase;
#else
using ListenerBase = Catch::TestEventListenerBase;
#endif

class Listener : public ListenerBase {
public:
    using ListenerBase::ListenerBase;

    void testCaseStarting(const Catch::TestCaseInfo& /*info*/) override { rebase(); }

    void testCaseEnded(const Catch::TestCaseStats& stats) override {
        const auto leaks = leaks_since(baseline());
        if (leaks.empty()) {
            return;
        }
        std::cerr << "leak audit: \"" << case_name(stats) << "\" left behind\n";
        for (const std::string& leak : leaks) {
            std::cerr << "  " << leak << '\n';
        }
        std::cerr.flush();
        const std::lock_guard lock(state().mutex);
        ++state().leaky_cases;
    }

private:
    static Snapshot baseline() {
        const std::lock_guard lock(state().mutex);
        return state().baseline;
    }

    static const std::string& case_name(const Catch::TestCaseStats& stats) {
#if AIOMISC_CATCH2_MAJOR == 3
        return stats.testInfo->name;
#else
        return stats.testInfo.name;
#endif
    }
};

}  // namespace

Snapshot take_snapshot() {
    return {
        .descriptors = open_descriptors(),
        .children = child_processes(),
        .threads = running_threads()};
}

std::vector<std::string> differences(const Snapshot& before, const Snapshot& after) {
    const std::lock_guard lock(state().mutex);
    std::vector<std::string> lines;
    report_new(
        "descriptor", before.descriptors, after.descriptors, state().allowed_descriptors, lines);
    report_lost(before, after, lines);
    report_new("child process", before.children, after.children, state().allowed_children, lines);
    report_new("thread", before.threads, after.threads, state().allowed_threads, lines);
    return lines;
}

std::vector<std::string> leaks_since(const Snapshot& before) {
    std::vector<std::string> lines;
    wait_until(
        [&] {
            lines = differences(before, take_snapshot());
            return lines.empty();
        },
        std::chrono::seconds(1));
    return lines;
}

void allow_child(pid_t pid) {
    const std::lock_guard lock(state().mutex);
    state().allowed_children.insert(pid);
}

void allow_descriptor(int fd) {
    const std::lock_guard lock(state().mutex);
    state().allowed_descriptors.insert(fd);
}

void allow_thread(pid_t tid) {
    const std::lock_guard lock(state().mutex);
    state().allowed_threads.insert(tid);
}

void rebase() {
    Snapshot now = take_snapshot();
    const std::lock_guard lock(state().mutex);
    state().baseline = std::move(now);
}

int leaky_cases() {
    const std::lock_guard lock(state().mutex);
    return state().leaky_cases;
}

CATCH_REGISTER_LISTENER(Listener)

}  // namespace aiomisc::test::leak_audit
