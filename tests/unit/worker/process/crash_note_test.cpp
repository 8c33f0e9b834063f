// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/crash_note.h>

#include "support/catch.h"

#include <aiomisc/worker/process/process_setup.h>
#include <aiomisc/worker/process/worker_page.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::process;

namespace {

struct Death {
    int status = 0;
    std::string note;
};

// Runs `body` in a process with the handlers in place.
Death die_of(const std::function<void()>& body) {
    auto [page, file] = WorkerPage::create();
    const pid_t pid = ::fork();
    if (pid == 0) {
        const rlimit none{};
        ::setrlimit(RLIMIT_CORE, &none);
        ::close(STDERR_FILENO);
        reset_signals();  // the test framework has some
        install_crash_handlers(page.crash_note());
        body();
        ::_exit(0);
    }
    Death death;
    REQUIRE(::waitpid(pid, &death.status, 0) == pid);
    death.note = page.crash_note().text();
    return death;
}

struct Unprintable : std::exception {
    const char* what() const noexcept override { return nullptr; }
};

void throw_out_of_noexcept(const std::function<void()>& thrower) noexcept {
    thrower();
}

}  // namespace

TEST_CASE("a note takes text until it is full") {
    CrashNote note;
    CHECK(note.text().empty());
    note.append("one ");
    note.append_number(23);
    note.append(" ");
    note.append_number(0xbeef, 16);
    note.append("\n");
    CHECK(note.text() == "one 23 0xbeef");
    const std::string long_text(600, 'x');
    note.append(long_text);
    note.append(long_text);
    note.append(long_text);
    CHECK(note.text().size() == CrashNote::kCapacity);
}

TEST_CASE("a note that makes no sense is read without harm", "[P14][S18]") {
    CrashNote note;
    std::memset(static_cast<void*>(&note), 0xff, sizeof note);
    CHECK(note.text().size() <= CrashNote::kCapacity);
    std::memset(static_cast<void*>(&note), 0x1b, sizeof note);
    CHECK(note.text().empty());  // escape sequences do not reach a terminal
}

TEST_CASE("threads that die together do not mix their words") {
    CrashNote note;
    const std::string line = "the quick brown fox\n";
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] { note.append(line); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::string expected;
    for (int i = 0; i < 8; ++i) {
        expected += line;
    }
    expected.pop_back();
    CHECK(note.text() == expected);
}

TEST_CASE("a process that dies of a signal notes which, and still dies of it", "[F8]") {
    const int signal = GENERATE(SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGXCPU);
    const Death death = die_of([&] { ::raise(signal); });
    CAPTURE(signal, death.status, death.note);
    REQUIRE(WIFSIGNALED(death.status));
    CHECK(WTERMSIG(death.status) == signal);
    CHECK_THAT(death.note, test::starts_with("SIG"));
}

TEST_CASE("what is thrown where nothing may be thrown is noted", "[F9]") {
    SECTION("an exception") {
        const Death death =
            die_of([] { throw_out_of_noexcept([] { throw std::out_of_range("index 7"); }); });
        CHECK(WTERMSIG(death.status) == SIGABRT);
        CHECK_THAT(death.note, test::contains("terminate: std::out_of_range: index 7"));
        CHECK_THAT(death.note, test::contains("SIGABRT"));
    }
    SECTION("not even an exception") {
        const Death death = die_of([] { throw_out_of_noexcept([] { throw 42; }); });
        CHECK_THAT(death.note, test::contains("terminate: int"));
    }
    SECTION("an exception without a text") {
        const Death death = die_of([] { throw_out_of_noexcept([] { throw Unprintable(); }); });
        CHECK_THAT(death.note, test::contains("Unprintable"));
    }
    SECTION("nothing at all") {
        const Death death = die_of([] { std::terminate(); });
        CHECK_THAT(death.note, test::contains("terminate: without an exception"));
    }
    SECTION("in a thread") {
        const Death death =
            die_of([] { std::thread([] { throw std::runtime_error("far away"); }).join(); });
        CHECK(WTERMSIG(death.status) == SIGABRT);
        CHECK_THAT(death.note, test::contains("std::runtime_error: far away"));
    }
}

TEST_CASE("a process forked by the worker leaves no note in its name", "[F77]") {
    const Death death = die_of([] {
        const pid_t child = ::fork();
        if (child == 0) {
            ::raise(SIGSEGV);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        ::_exit(WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    });
    CHECK(WEXITSTATUS(death.status) == SIGSEGV);
    CHECK(death.note.empty());
}
