// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace aiomisc::test;

namespace {

/// A terminal that a process believes to sit at, and what it has been shown.
class Terminal {
public:
    Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
        const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
        char name[64];
        if (!master_ || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0 ||
            ::ptsname_r(master_.get(), name, sizeof name) != 0 ||
            ::ioctl(master_.get(), TIOCSWINSZ, &size) != 0) {
            throw aiomisc::SystemError::from_errno("open a terminal");
        }
        name_ = name;
        // Held open, so that the master does not report an end before the process has begun.
        slave_.reset(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    }

    /// The device, which becomes the controlling terminal of a session leader that opens it.
    [[nodiscard]] const std::string& name() const { return name_; }

    void type(const std::string& keys) const {
        REQUIRE(
            ::write(master_.get(), keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
    }

    /// Makes it narrower or wider.
    void resize(unsigned short columns) const {
        const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
        REQUIRE(::ioctl(master_.get(), TIOCSWINSZ, &size) == 0);
    }

    /// Everything that was written to it so far.
    const std::string& output() {
        char chunk[4096];
        for (;;) {
            const ssize_t count = ::read(master_.get(), chunk, sizeof chunk);
            if (count <= 0) {
                return output_;
            }
            output_.append(chunk, static_cast<std::size_t>(count));
        }
    }

    bool shows(const std::string& text) {
        return wait_until(
            [&] { return output().find(text) != std::string::npos; }, std::chrono::seconds(20));
    }

    /// The lines as they stand there: what was erased, or overwritten, is gone.
    std::vector<std::string> screen() {
        std::vector<std::string> lines(1);
        std::size_t column = 0;
        const std::string& text = output();
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (text.compare(at, 3, "\x1b[J") == 0) {  // all that is used is below the last line
                lines.back().erase(std::min(column, lines.back().size()));
                at += 2;
            } else if (text.compare(at, 2, "\x1b[") == 0) {
                at = text.find_first_of("mlh", at);  // a color, or a mode
                REQUIRE(at != std::string::npos);
            } else if (text[at] == '\r') {
                column = 0;
            } else if (text[at] == '\n') {
                lines.emplace_back();
                column = 0;
            } else {
                lines.back().resize(std::max(lines.back().size(), column + 1), ' ');
                lines.back()[column++] = text[at];
            }
        }
        return lines;
    }

private:
    aiomisc::UniqueFd master_;
    aiomisc::UniqueFd slave_;
    std::string name_;
    std::string output_;
};

/// Runs `words` with stdout and stderr at the terminal.
Process start_at(
    const Terminal& terminal, const Launcher& launcher, Words words, const std::string& term) {
    words.insert(
        words.begin(),
        {"/bin/sh",
         "-c",
         R"(cd "$1" && shift && exec "$@" <"$0" >"$0" 2>&1)",
         terminal.name(),
         launcher.work(),
         AIOMISC_TEST_RUN});
    return Process::start(
        std::move(words),
        {.environment = {{"TERM", term}, {"TMPDIR", launcher.temporary()}, {"LC_ALL", "C.UTF-8"}}});
}

/// Waits for the end of a process, which must not wait for room at the terminal meanwhile.
ExitStatus end_of(Process& process, Terminal& terminal) {
    wait_until(
        [&] {
            terminal.output();
            return process.survivors().empty();
        },
        std::chrono::seconds(30));
    return process.wait();
}

const std::string kGatedJob = "while ! test -e go-{}; do sleep 0.01; done; echo done {}";

}  // namespace

TEST_CASE("a bar shows how far the run is, and is gone at its end", "[launcher]") {
    Launcher launcher;
    Terminal terminal;
    Process process =
        start_at(terminal, launcher, {"--bar", "-k", "-j2", kGatedJob, ":::", "A", "B"}, "xterm");
    REQUIRE(terminal.shows("0/2"));
    CHECK(terminal.shows("2 running"));
    launcher.write("go-A", "");
    REQUIRE(terminal.shows("1/2"));
    launcher.write("go-B", "");
    CHECK(end_of(process, terminal).code == 0);
    CHECK(terminal.screen() == Words{"done A", "done B", ""});
}

TEST_CASE("the summary stands below what was printed, without the bar", "[launcher]") {
    Launcher launcher;
    Terminal terminal;
    Process process =
        start_at(terminal, launcher, {"--bar", kGatedJob + "; false", ":::", "A"}, "xterm");
    REQUIRE(terminal.shows("0/1"));
    launcher.write("go-A", "");
    CHECK(end_of(process, terminal).code == 1);
    const auto screen = terminal.screen();
    REQUIRE(screen.size() == 6);
    CHECK(screen[0] == "done A");
    CHECK(screen[1] == "aiomisc-run: 1 job: 0 succeeded, 1 failed (1 by exit status)");
    CHECK_THAT(screen[3], starts_with("aiomisc-run: job 1 exited with 1: while"));
    CHECK_THAT(screen[4], starts_with("aiomisc-run: next time, --joblog FILE"));
    CHECK(screen[5] == "");
}

TEST_CASE("a terminal that cannot move its cursor gets no bar by itself", "[launcher]") {
    Launcher launcher;
    Terminal terminal;
    Process process = start_at(terminal, launcher, {"sleep 1.2; echo {}", ":::", "A"}, "dumb");
    CHECK(end_of(process, terminal).code == 0);
    CHECK(terminal.output() == "A\r\n");
}

TEST_CASE("there is no escape sequence where there is no terminal", "[launcher]") {
    Launcher launcher;
    const Outcome outcome = launcher.run({"sleep 1.2; echo {}; false", ":::", "A"});
    CHECK(outcome.status.code == 1);
    CHECK(outcome.err.find('\x1b') == std::string::npos);
    CHECK(outcome.err.find('\r') == std::string::npos);
}

TEST_CASE("^C at the terminal ends the run, and takes the bar away", "[launcher]") {
    Launcher launcher;
    Terminal terminal;
    Process process = start_at(
        terminal,
        launcher,
        {"--bar", "-s", "sleep 300 & setsid sleep 300 & wait; : {}", ":::", "A"},
        "xterm");
    REQUIRE(terminal.shows("1 running"));
    terminal.type("\x03");
    CHECK(end_of(process, terminal).signal == SIGINT);
    CHECK(nothing_left_of(process));
    const auto screen = terminal.screen();
    REQUIRE(screen.size() == 1);
    CHECK((screen[0] == "^C" || screen[0].empty()));
}

TEST_CASE("who gives items at the terminal is told so", "[launcher]") {
    Launcher launcher;
    Terminal terminal;
    Process process = start_at(terminal, launcher, {"echo got {}"}, "xterm");
    REQUIRE(terminal.shows("reading items from the terminal"));
    terminal.type("one\n");
    CHECK(terminal.shows("got one"));
    terminal.type("\x04");
    CHECK(end_of(process, terminal).code == 0);
}

TEST_CASE("errors of jobs pass above the bar while their output goes to a file", "[launcher]") {
    Launcher launcher;
    Terminal terminal;
    Process process = Process::start(
        {"/bin/sh",
         "-c",
         "cd \"$1\" && \"$2\" --bar -j1 --lb 'echo out {}; echo err {} >&2; "
         "while ! test -e go-{}; do sleep 0.01; done' ::: A B >out 2>\"$0\"",
         terminal.name(),
         launcher.work(),
         AIOMISC_TEST_RUN},
        {.environment = {{"TERM", "xterm"}, {"LC_ALL", "C.UTF-8"}}});
    REQUIRE(terminal.shows("err A"));
    REQUIRE(terminal.shows("0/2"));
    launcher.write("go-A", "");
    REQUIRE(terminal.shows("1/2"));
    launcher.write("go-B", "");
    CHECK(end_of(process, terminal).code == 0);
    CHECK(terminal.screen() == Words{"err A", "err B", ""});
    CHECK(launcher.read("out") == "out A\nout B\n");
}

TEST_CASE("the bar does not wipe out a line that is not finished", "[launcher]") {
    Launcher launcher;
    Terminal terminal;
    Process process = start_at(
        terminal,
        launcher,
        {"--bar",
         "-u",
         "-j1",
         "printf 'part {}'; : >begun; while ! test -e go-{}; do sleep 0.01; done; echo",
         ":::",
         "A"},
        "xterm");
    REQUIRE(terminal.shows("part A"));
    // The bar would be drawn ten times a second; the other process tells that much time is over.
    CHECK(Process::start({"/bin/sleep", "0.5"}).wait().code == 0);
    CHECK(terminal.screen().back() == "part A");
    launcher.write("go-A", "");
    CHECK(end_of(process, terminal).code == 0);
    CHECK(terminal.screen() == Words{"part A", ""});
}

TEST_CASE("the bar fits a terminal that changes its width", "[launcher]") {
    Launcher launcher;
    Terminal terminal;
    Process process =
        start_at(terminal, launcher, {"--bar", "--color", "never", kGatedJob, ":::", "A"}, "xterm");
    REQUIRE(terminal.shows("[>"));
    terminal.resize(20);
    REQUIRE(terminal.shows("\x1b[?7l  0% 0/1 · 1 running\r"));
    CHECK(terminal.screen() == Words{"  0% 0/1 · 1 running"});
    terminal.resize(80);
    launcher.write("go-A", "");
    CHECK(end_of(process, terminal).code == 0);
    CHECK(terminal.screen() == Words{"done A", ""});
}

TEST_CASE("items cannot write to the terminal but through their output", "[launcher][AR-46]") {
    Launcher launcher;
    const std::string item = "\x1b[31mred\a";
    const Outcome outcome = launcher.run({"--bar", "echo", ":::", item});
    CHECK(outcome.status.code == 0);
    CHECK(outcome.out == item + "\n");
    CHECK(outcome.err.find("\x1b[31m") == std::string::npos);
    CHECK(outcome.err.find('\a') == std::string::npos);
    // Neither do the commands that are shown, the summary and messages.
    const Outcome failing = launcher.run({"--bar", "-t", "false", ":::", item});
    CHECK(failing.status.code == 1);
    CHECK_THAT(failing.err, contains("red\\x07"));
    CHECK(failing.err.find("\x1b[31m") == std::string::npos);
    CHECK(failing.err.find('\a') == std::string::npos);
}

TEST_CASE("colors where they are wanted", "[launcher]") {
    Launcher launcher;

    struct Case {
        Words options;
        std::string no_color;
        bool colored;
    };

    const Case cases[] = {
        {{"--bar"}, "", true},
        {{"--eta"}, "1", false},
        {{"--bar", "--color", "never"}, "", false},
        {{"--bar", "--color=always"}, "1", true}};
    for (const Case& wanted : cases) {
        Terminal terminal;
        Words words = wanted.options;
        words.insert(
            words.end(),
            {"-s", "-j1", "while ! test -e go; do sleep 0.01; done; false", ":::", "A"});
        words.insert(
            words.begin(),
            {"/bin/sh",
             "-c",
             R"(cd "$1"; shift; exec "$@" >"$0" 2>&1)",
             terminal.name(),
             launcher.work(),
             AIOMISC_TEST_RUN});
        std::filesystem::remove(launcher.work() / "go");
        Process process = Process::start(
            std::move(words),
            {.environment = {
                 {"TERM", "xterm"}, {"LC_ALL", "C.UTF-8"}, {"NO_COLOR", wanted.no_color}}});
        REQUIRE(terminal.shows("1 running"));
        launcher.write("go", "");
        CHECK(end_of(process, terminal).code == 1);
        CHECK((terminal.output().find("\x1b[32m") != std::string::npos) == wanted.colored);
    }
}

TEST_CASE("progress for programs and for logs", "[launcher]") {
    Launcher launcher;
    const Outcome json = launcher.run({"--progress", "json", "-s", "echo", ":::", "A", "B"});
    CHECK_THAT(lines_of(json.err).back(), starts_with(R"({"type":"progress","done":2)"));
    const Outcome plain = launcher.run({"--progress", "plain", "-s", "echo", ":::", "A", "B"});
    CHECK_THAT(plain.err, starts_with("2/2, 0 running"));
    CHECK(lines_of(plain.err).size() == 1);
}
