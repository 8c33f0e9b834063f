// SPDX-License-Identifier: MIT
#include "integration/process_harness.h"
#include "support/catch.h"
#include "support/process_table.h"
#include "support/wait_until.h"

#include <aiomisc/worker/process/process_setup.h>
#include <aiomisc/worker/process/worker_process.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::process;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

#ifdef AIOMISC_THREAD_SANITIZER
constexpr const char* kStackOverflowNote = "";  // under it no handler runs when the stack is full
#else
constexpr const char* kStackOverflowNote = "SIGSEGV at address 0x";
#endif

// A worker with everything around it.
struct OneWorker {
    explicit OneWorker(PoolSetup setup = {}) : pool(zygote, std::move(setup)) {
        pool.expect<Ready>();
        worker = pool.order(1, 1);
        pid = pool.expect<Spawned>().pid;
    }

    Zygote zygote{scripted_hooks()};
    ScriptedPool pool;
    std::optional<ScriptedWorker> worker;
    pid_t pid = 0;
};

std::string read_all(const UniqueFd& file) {
    std::string text;
    char buffer[4096];
    ssize_t size = 0;
    while ((size = ::read(file.get(), buffer, sizeof buffer)) > 0) {
        text.append(buffer, static_cast<std::size_t>(size));
    }
    return text;
}

std::pair<UniqueFd, UniqueFd> make_pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string status_line(pid_t pid, const std::string& key) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(key + ":")) {
            return line.substr(line.find_last_of(" \t") + 1);
        }
    }
    return "";
}

}  // namespace

TEST_CASE("a worker whose channel ends returns, and its exit is reported with its usage", "[P4]") {
    OneWorker one;
    REQUIRE(one.worker->ask('p') == '.');
    one.worker->channel.reset();
    const auto exited = one.pool.expect<Exited>();
    CHECK(exited.child == ChildKey{1, 1});
    CHECK(exited.pid == one.pid);
    CHECK(WIFEXITED(exited.wait_status));
    CHECK(WEXITSTATUS(exited.wait_status) == 0);
    CHECK(exited.max_rss_bytes > 100 * 1024);
    CHECK(exited.launch_step == LaunchStep::kNone);
}

TEST_CASE("the exit status of a worker is reported, zero like any other", "[F10][F11]") {
    const auto [orders, status] = GENERATE(table<std::string, int>(
        {{std::string("e\0", 2), 0},
         {"e\3", 3},
         {std::string("E\0", 2), 0},
         {"E\7", 7},
         {std::string("q\0", 2), 0},
         {"x", 0}}));
    OneWorker one;
    one.worker->tell(orders);
    const auto exited = one.pool.expect<Exited>();
    REQUIRE(WIFEXITED(exited.wait_status));
    CHECK(WEXITSTATUS(exited.wait_status) == status);
    CHECK(one.worker->answer() == std::nullopt);
}

TEST_CASE("a worker that crashes dies of the signal, and leaves a note", "[F8][F9]") {
    struct Row {
        char order;
        int signal;
        const char* note;
    };

    const Row row = GENERATE(
        Row{'v', SIGSEGV, "SIGSEGV at address 0x10"},
        Row{'o', SIGSEGV, kStackOverflowNote},
        Row{'a', SIGABRT, "SIGABRT"},
        Row{'t', SIGABRT, "terminate: std::runtime_error: thrown out of the hook"});
    OneWorker one({.limits = {.core = 0}});
    one.worker->tell({&row.order, 1});
    const auto exited = one.pool.expect<Exited>();
    CAPTURE(row.order, exited.wait_status);
    REQUIRE(WIFSIGNALED(exited.wait_status));
    CHECK(WTERMSIG(exited.wait_status) == row.signal);
    CHECK_THAT(one.worker->page.crash_note().text(), contains(row.note));
}

TEST_CASE("a signal sent to a worker is noted with its sender", "[F8]") {
    OneWorker one({.limits = {.core = 0}});
    REQUIRE(one.worker->ask('p') == '.');
    REQUIRE(::kill(one.pid, SIGBUS) == 0);
    const auto exited = one.pool.expect<Exited>();
    REQUIRE(WIFSIGNALED(exited.wait_status));
    CHECK(WTERMSIG(exited.wait_status) == SIGBUS);
    CHECK_THAT(
        one.worker->page.crash_note().text(),
        contains("SIGBUS sent by process " + std::to_string(::getpid())));
}

TEST_CASE("a worker ends for good when its task ends the main thread", "[F12]") {
    OneWorker one({.limits = {.core = 0}});
    one.worker->tell("P");
    const auto exited = one.pool.expect<Exited>();
    CHECK((WIFSIGNALED(exited.wait_status) || WIFEXITED(exited.wait_status)));
}

TEST_CASE("what a crashing worker had printed is not lost", "[P19]") {
    OneWorker one;
    auto [reader, writer] = make_pipe();
    std::vector<UniqueFd> extra;
    extra.push_back(std::move(writer));
    const ScriptedWorker worker = one.pool.order(2, 1, std::move(extra), true);
    one.pool.expect<Spawned>();
    worker.tell("k");
    one.pool.expect<Exited>();
    CHECK(read_all(reader) == "unfinished");
}

TEST_CASE("a worker prints where it was told to", "[F80]") {
    OneWorker one({.name = "print"});
    auto [out, out_writer] = make_pipe();
    auto [err, err_writer] = make_pipe();
    std::vector<UniqueFd> extra;
    extra.push_back(std::move(out_writer));
    extra.push_back(std::move(err_writer));
    const ScriptedWorker worker = one.pool.order(2, 1, std::move(extra), true, true);
    one.pool.expect<Spawned>();
    worker.tell("t");
    one.pool.expect<Exited>();
    // The initializer's text is not among it: the supervisor wrote that itself.
    CHECK(read_all(out) == "");
    CHECK_THAT(read_all(err), contains("thrown out of the hook"));
}

TEST_CASE("a worker holds descriptors 0, 1, 2 and its channel", "[P10][F30]") {
    std::vector<UniqueFd> open_in_parent;
    for (int i = 0; i < 500; ++i) {
        open_in_parent.emplace_back(::open("/dev/null", O_RDONLY));  // not close-on-exec
        REQUIRE(open_in_parent.back());
    }
    OneWorker one;
    const ScriptedWorker second = one.pool.spawn(2);
    CHECK(one.worker->ask('f') == 4);
    CHECK(second.ask('f') == 4);
    CHECK(descriptor_count(one.pid) == 4);
    // With nobody else holding its end, the death of one is seen on its channel at once.
    one.worker->tell("a");
    CHECK(one.worker->answer() == std::nullopt);
    CHECK(second.ask('p') == '.');
}

TEST_CASE("a worker reads nothing from the parent's stdin") {
    OneWorker one;
    REQUIRE(one.worker->ask('p') == '.');
    CHECK(
        std::filesystem::read_symlink("/proc/" + std::to_string(one.pid) + "/fd/0") == "/dev/null");
}

TEST_CASE("a worker that closes all its descriptors is killed by key", "[F13][F57]") {
    OneWorker one;
    one.worker->tell("c");
    CHECK(one.worker->answer() == std::nullopt);
    one.pool.link.send(Kill{.child = {1, 1}, .signal = SIGKILL});
    const auto exited = one.pool.expect<Exited>();
    CHECK(WTERMSIG(exited.wait_status) == SIGKILL);
}

TEST_CASE("a stopped worker is reported, and so is its going on", "[F47]") {
    OneWorker one;
    one.worker->tell("Sp");
    const auto stopped = one.pool.expect<Stopped>();
    CHECK(stopped.child == ChildKey{1, 1});
    CHECK(stopped.signal == SIGSTOP);
    one.pool.link.send(Kill{.child = {1, 1}, .signal = SIGCONT});
    CHECK(one.pool.expect<Continued>().child == ChildKey{1, 1});
    CHECK(one.worker->answer() == '.');
}

TEST_CASE("an interrupt breaks a blocking call of the worker and does nothing else", "[P11]") {
    OneWorker one;
    REQUIRE(one.worker->ask('p') == '.');
    one.worker->tell("w");
    // It may come before the worker blocks, and is lost then: repeated until one is in time.
    REQUIRE(wait_until(
        [&] {
            one.pool.link.send(Interrupt{.child = {1, 1}});
            pollfd entry{one.worker->channel.get(), POLLIN, 0};
            return ::poll(&entry, 1, 1) > 0;
        },
        10s));
    CHECK(one.worker->answer() == 'i');
    CHECK(one.worker->ask('p') == '.');
}

TEST_CASE("an interrupt that comes before a worker is set up does it no harm", "[P11]") {
    Zygote zygote(scripted_hooks());
    ScriptedPool pool(zygote);
    pool.expect<Ready>();
    for (std::uint32_t generation = 1; generation <= 100; ++generation) {
        const ScriptedWorker worker = pool.order(1, generation);
        pool.link.send(Interrupt{.child = worker.key});
        pool.expect<Spawned>();
        REQUIRE(worker.ask('p') == '.');
        worker.tell(std::string("E\0", 2));
        REQUIRE(WIFEXITED(pool.expect<Exited>().wait_status));
    }
}

TEST_CASE("a worker has the pool's limits, niceness and OOM score", "[S11][F18]") {
    const int inherited = oom_score_adjust();
    OneWorker one({.limits = {.open_files = 77, .core = 0}, .nice = 3});
    REQUIRE(one.worker->ask('p') == '.');
    rlimit limit{};
    REQUIRE(::prlimit(one.pid, RLIMIT_NOFILE, nullptr, &limit) == 0);
    CHECK(limit.rlim_cur == 77);
    CHECK(limit.rlim_max == 77);
    REQUIRE(::prlimit(one.pid, RLIMIT_CORE, nullptr, &limit) == 0);
    CHECK(limit.rlim_cur == 0);
    CHECK(
        ::getpriority(PRIO_PROCESS, static_cast<id_t>(one.pid)) ==
        3 + ::getpriority(PRIO_PROCESS, 0));
    const auto score_of = [](pid_t pid) {
        int score = -1;
        std::ifstream("/proc/" + std::to_string(pid) + "/oom_score_adj") >> score;
        return score;
    };
    CHECK(score_of(one.pid) == std::min(inherited + 300, 1000));
    CHECK(score_of(one.pool.link.pid()) == std::min(inherited + 100, 1000));
}

TEST_CASE("a worker has one thread and default signals", "[P15][F14]") {
    ::signal(SIGUSR1, SIG_IGN);
    OneWorker one({.name = "ignore children"});
    REQUIRE(one.worker->ask('p') == '.');
#ifndef AIOMISC_THREAD_SANITIZER  // it has a thread of its own
    CHECK(status_line(one.pid, "Threads") == "1");
#endif
    CHECK(std::stoull(status_line(one.pid, "SigBlk"), nullptr, 16) == 0);
    const auto ignored = std::stoull(status_line(one.pid, "SigIgn"), nullptr, 16);
    CHECK(ignored == 1ULL << (SIGPIPE - 1));
    ::signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("exit() in a worker runs no handler that the parent registered", "[F10]") {
    auto [reader, writer] = make_pipe();
    const pid_t parent = fork_process([&] {
        // As the parent of a pool: registers, orders, and ends by exit() itself.
        static int marker = writer.get();
        std::atexit([] { [[maybe_unused]] const auto size = ::write(marker, "x", 1); });
        {
            OneWorker one;
            one.worker->tell(std::string("e\0", 2));
            one.pool.expect<Exited>();
        }
        std::exit(0);  // NOLINT(concurrency-mt-unsafe): that is what is tested
    });
    writer.reset();
    CHECK(wait_for_child(parent) == 0);
    CHECK(read_all(reader) == "x");
}

TEST_CASE("text that the parent has not flushed is printed once", "[F10]") {
    auto [reader, writer] = make_pipe();
    const pid_t parent = fork_process([&] {
        ::dup2(writer.get(), STDOUT_FILENO);
        writer.reset();
        std::setvbuf(stdout, nullptr, _IOFBF, BUFSIZ);
        std::printf("from the parent\n");
        {
            OneWorker one({.name = "print"});
            one.worker->tell(std::string("e\0", 2));
            one.pool.expect<Exited>();
            one.pool.shut_down();
        }
        std::fflush(stdout);
    });
    writer.reset();
    CHECK(wait_for_child(parent) == 0);
    CHECK(read_all(reader) == "from the parent\nprinted once\n");
}
