// SPDX-License-Identifier: MIT
#include "integration/process_harness.h"
#include "support/catch.h"
#include "support/process_table.h"
#include "support/wait_until.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::process;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

struct OnePool {
    explicit OnePool(PoolSetup setup = {}) : pool(zygote, std::move(setup)) {}

    struct NewBoard {
        NewBoard() { PidBoard::clear(); }
    };

    NewBoard board;  // before anybody signs
    Zygote zygote{scripted_hooks()};
    ScriptedPool pool;
};

std::string name_of(pid_t pid) {
    std::string name;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm") >> std::ws, name);
    return name;
}

// A limit on descriptors that leaves a process two: fewer than a worker needs, as many as a
// sanitizer may.
rlim_t limit_with_two_free(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/fd/";
    rlim_t limit = 0;
    for (int free = 0; free < 2; ++limit) {
        free += std::filesystem::is_symlink(path + std::to_string(limit)) ? 0 : 1;
    }
    return limit;
}

// The whole of the parent's side by hand, to send what SupervisorLink never would.
struct RawSupervisor {
    Zygote zygote{scripted_hooks()};
    Zygote::Supervisor supervisor = zygote.spawn_supervisor();
    ControlChannel channel{std::move(supervisor.control)};

    // Everything it says until it ends; its wait status is the last.
    std::vector<SupervisorEvent> events_until_end() {
        std::vector<SupervisorEvent> events;
        while (auto packet = channel.receive_until(soon())) {
            events.push_back(decode_supervisor_event(packet->body));
        }
        REQUIRE(channel.closed());
        REQUIRE_FALSE(events.empty());
        return events;
    }
};

}  // namespace

TEST_CASE("a supervisor runs the initializer once, then says that it is ready") {
    OnePool one;
    CHECK(one.pool.expect<Ready>().pid == one.pool.link.pid());
    CHECK(name_of(one.pool.link.pid()) == "aiomisc-superv");
    CHECK(name_of(one.zygote.pid()) == "aiomisc-zygote");
    const ScriptedWorker worker = one.pool.spawn();
    CHECK(one.pool.shut_down(0ms) == 0);
}

TEST_CASE("what an initializer throws is reported, and the supervisor ends", "[P5][F81]") {
    SECTION("an exception") {
        OnePool one({.name = "throw"});
        const auto failed = one.pool.expect<InitializerFailed>();
        CHECK(failed.type == "std::invalid_argument");
        CHECK(failed.message == "bad initializer");
        CHECK(WEXITSTATUS(one.pool.expect<SupervisorExited>().wait_status) != 0);
    }
    SECTION("something else") {
        OnePool one({.name = "throw int"});
        CHECK(one.pool.expect<InitializerFailed>().type == "int");
        one.pool.expect<SupervisorExited>();
    }
}

TEST_CASE("an initializer that ends the process is seen as the supervisor's end", "[P5][F81]") {
    SECTION("by exit()") {
        OnePool one({.name = "exit"});
        const int status = one.pool.expect<SupervisorExited>().wait_status;
        REQUIRE(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 5);
    }
    SECTION("by a crash") {
        OnePool one({.name = "crash"});
        const int status = one.pool.expect<SupervisorExited>().wait_status;
        CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) != 0));
    }
    REQUIRE(PidBoard::all_gone());
}

TEST_CASE("an initializer that leaves threads is refused with an explanation", "[P15][F81]") {
    OnePool one({.name = "thread"});
    const auto failed = one.pool.expect<InitializerFailed>();
    CHECK_THAT(failed.message, contains("1 thread"));
    one.pool.expect<SupervisorExited>();
}

TEST_CASE("an initializer may use threads that it joins", "[P15]") {
    OnePool one({.name = "joined thread"});
    one.pool.expect<Ready>();
}

TEST_CASE("a supervisor that hangs in its initializer is killed through the zygote", "[F81][F34]") {
    OnePool one({.name = "hang"});
    REQUIRE(PidBoard::wait_for(1));
    CHECK(one.zygote.kill_supervisor(one.pool.link.pid()));
    CHECK(WTERMSIG(one.pool.expect<SupervisorExited>().wait_status) == SIGKILL);
    CHECK_FALSE(one.zygote.kill_supervisor(one.pool.link.pid()));
    CHECK_FALSE(one.zygote.kill_supervisor(::getpid()));
}

TEST_CASE("a large argument of the initializer arrives whole") {
    PoolSetup setup;
    setup.initializer = FunctionId{.module = 1, .offset = 2};
    setup.initializer_argument.resize(3 << 20, std::byte{7});
    OnePool one(setup);
    one.pool.expect<Ready>();
}

TEST_CASE(
    "children are known by id and generation, so that no late command hits a successor", "[P11]") {
    OnePool one;
    one.pool.expect<Ready>();
    const ScriptedWorker first = one.pool.spawn(1, 1);
    first.tell(std::string("e\1", 2));
    CHECK(one.pool.expect<Exited>().child == ChildKey{1, 1});
    const ScriptedWorker second = one.pool.spawn(1, 2);
    one.pool.link.send(Kill{.child = {1, 1}, .signal = SIGKILL});
    one.pool.link.send(Interrupt{.child = {1, 1}});
    // Commands are carried out in order: once the next one is answered, those had their chance.
    const ScriptedWorker third = one.pool.spawn(2, 1);
    CHECK(second.ask('p') == '.');
    one.pool.link.send(Kill{.child = {1, 2}, .signal = SIGKILL});
    CHECK(one.pool.expect<Exited>().child == ChildKey{1, 2});
}

TEST_CASE("a key that is in use is refused") {
    OnePool one;
    one.pool.expect<Ready>();
    const ScriptedWorker worker = one.pool.spawn(1, 1);
    const ScriptedWorker twin = one.pool.order(1, 1);
    CHECK(one.pool.expect<SpawnFailed>().error == EEXIST);
    CHECK(worker.ask('p') == '.');
}

TEST_CASE("a fork that fails is reported, and the supervisor goes on", "[F22]") {
    const int status = wait_for_child(fork_process([] {
        // Root may have any number of processes; this user has one too many as soon as it has two.
        constexpr uid_t kNobodyElse = 61'234;
        if (::getuid() == 0 && ::setresuid(kNobodyElse, kNobodyElse, kNobodyElse) != 0) {
            throw std::runtime_error("cannot become another user");
        }
        OnePool one;
        one.pool.expect<Ready>();
        const ScriptedWorker worker = one.pool.spawn(1, 1);
        rlimit limit{};
        const pid_t supervisor = one.pool.link.pid();
        ::prlimit(supervisor, RLIMIT_NPROC, nullptr, &limit);
        const rlimit lower{.rlim_cur = 1, .rlim_max = limit.rlim_max};
        ::prlimit(supervisor, RLIMIT_NPROC, &lower, nullptr);
        for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
            const ScriptedWorker lost = one.pool.order(2, attempt);
            const auto failed = one.pool.expect<SpawnFailed>();
            if (failed.child != ChildKey{2, attempt} || failed.error != EAGAIN) {
                throw std::runtime_error("not the failure expected: " + failed.operation);
            }
        }
        ::prlimit(supervisor, RLIMIT_NPROC, &limit, nullptr);
        const ScriptedWorker again = one.pool.spawn(2, 4);
        ::_exit(worker.ask('p') == '.' ? 0 : 2);
    }));
    CHECK(status == 0);
}

TEST_CASE("a supervisor without a free descriptor reports that, and goes on", "[F21]") {
    OnePool one;
    one.pool.expect<Ready>();
    const pid_t supervisor = one.pool.link.pid();
    const ScriptedWorker worker = one.pool.spawn(1, 1);
    rlimit limit{};
    REQUIRE(::prlimit(supervisor, RLIMIT_NOFILE, nullptr, &limit) == 0);
    const rlimit lower{.rlim_cur = limit_with_two_free(supervisor), .rlim_max = limit.rlim_max};
    REQUIRE(::prlimit(supervisor, RLIMIT_NOFILE, &lower, nullptr) == 0);
    std::vector<UniqueFd> extra;
    extra.emplace_back(::dup(STDOUT_FILENO));
    extra.emplace_back(::dup(STDERR_FILENO));
    const ScriptedWorker lost = one.pool.order(2, 1, std::move(extra), true, true);
    const auto failed = one.pool.expect<SpawnFailed>();
    CHECK(failed.child == ChildKey{2, 1});
    CHECK(failed.error == EMFILE);
    REQUIRE(::prlimit(supervisor, RLIMIT_NOFILE, &limit, nullptr) == 0);
    const ScriptedWorker again = one.pool.spawn(2, 2);
    CHECK(worker.ask('p') == '.');
}

TEST_CASE("shutting down lets workers end by themselves", "[P12]") {
    OnePool one;
    one.pool.expect<Ready>();
    ScriptedWorker worker = one.pool.spawn();
    one.pool.link.send(Shutdown{.grace = 1h});
    worker.channel.reset();
    CHECK(one.pool.expect<Exited>().wait_status == 0);
    CHECK(one.pool.expect<SupervisorExited>().wait_status == 0);
    CHECK_FALSE(one.pool.link.receive_until(soon()));
    CHECK(one.pool.link.closed());
}

TEST_CASE("shutting down ends workers that do not end: SIGTERM, then SIGKILL", "[P12][F50]") {
    OnePool one;
    one.pool.expect<Ready>();
    const ScriptedWorker polite = one.pool.spawn(1);
    const ScriptedWorker deaf = one.pool.spawn(2);
    REQUIRE(deaf.ask('i') == '.');
    deaf.tell("s");
    polite.tell("s");
    one.pool.link.send(Shutdown{.grace = 0ms});
    const auto first = one.pool.expect<Exited>();
    CHECK(first.child.id == 1);
    CHECK(WTERMSIG(first.wait_status) == SIGTERM);
    const auto second = one.pool.expect<Exited>();
    CHECK(second.child.id == 2);
    CHECK(WTERMSIG(second.wait_status) == SIGKILL);
    CHECK(one.pool.expect<SupervisorExited>().wait_status == 0);
}

TEST_CASE("shutting down ends a stopped worker", "[P12][F48]") {
    OnePool one;
    one.pool.expect<Ready>();
    const ScriptedWorker worker = one.pool.spawn();
    worker.tell("S");
    one.pool.expect<Stopped>();
    CHECK(one.pool.shut_down(0ms) == 0);
    REQUIRE(PidBoard::all_gone());
}

TEST_CASE("a second shutdown may shorten the first", "[P12]") {
    OnePool one;
    one.pool.expect<Ready>();
    const ScriptedWorker worker = one.pool.spawn();
    one.pool.link.send(Shutdown{.grace = 1h});
    CHECK(one.pool.shut_down(0ms) == 0);
}

TEST_CASE("nothing is started any more while a supervisor shuts down") {
    OnePool one;
    one.pool.expect<Ready>();
    const ScriptedWorker worker = one.pool.spawn(1);
    one.pool.link.send(Shutdown{.grace = 1h});
    const ScriptedWorker late = one.pool.order(2, 1);
    CHECK(one.pool.expect<SpawnFailed>().error == ESHUTDOWN);
}

TEST_CASE("a signal that ends programs ends a supervisor and all its workers", "[F33]") {
    const int signal = GENERATE(SIGTERM, SIGINT, SIGHUP, SIGQUIT);
    OnePool one({.limits = {.core = 0}});
    one.pool.expect<Ready>();
    const ScriptedWorker worker = one.pool.spawn();
    REQUIRE(worker.ask('d') == '.');
    worker.tell("s");
    REQUIRE(::kill(one.pool.link.pid(), signal) == 0);
    CHECK(WTERMSIG(one.pool.expect<Exited>().wait_status) == SIGKILL);
    CHECK(WTERMSIG(one.pool.expect<SupervisorExited>().wait_status) == signal);
    REQUIRE(PidBoard::all_gone());
}

TEST_CASE("an initializer that ignores SIGCHLD does not hide the deaths of workers", "[P17]") {
    OnePool one({.name = "ignore children"});
    one.pool.expect<Ready>();
    const ScriptedWorker worker = one.pool.spawn();
    worker.tell(std::string("E\4", 2));
    CHECK(WEXITSTATUS(one.pool.expect<Exited>().wait_status) == 4);
}

TEST_CASE("rounds of starting and dying leave nothing behind", "[P9][P10][F29]") {
    OnePool one;
    one.pool.expect<Ready>();
    std::optional<std::size_t> before;
    for (std::uint32_t round = 1; round <= 200; ++round) {
        const ScriptedWorker worker = one.pool.spawn(1, round);
        if (round % 4 == 0) {
            REQUIRE(worker.ask('d') == '.');
        }
        worker.tell(std::string("E\1", 2));
        REQUIRE(one.pool.expect<Exited>().child.generation == round);
        if (round == 1) {
            before = descriptor_count(one.pool.link.pid());
        }
    }
    CHECK(descriptor_count(one.pool.link.pid()) == before);
    CHECK(one.pool.warnings.empty());
    CHECK(one.pool.shut_down() == 0);
    REQUIRE(PidBoard::all_gone());
}

TEST_CASE("a supervisor that is sent garbage ends everything and says why", "[P14][F59]") {
    const std::string garbage = GENERATE(
        std::string("x"),
        std::string(8, '\0'),
        std::string(4096, 'z'),
        std::string("AIMC\0\0\0\0", 8),  // a header, and no message
        std::string(
            "AIMC\0\0\0\0"
            "123",
            11),                                   // not a whole word
        std::string("AIMC\1\0\0\0\1\0\0\0", 12));  // a memory file that is not there
    RawSupervisor raw;
    raw.channel.send(encode(SupervisorCommand(PoolSetup{})));
    REQUIRE(::send(raw.channel.fd(), garbage.data(), garbage.size(), 0) > 0);
    const auto events = raw.events_until_end();
    CHECK(std::holds_alternative<Ready>(events.front()));
    REQUIRE(std::holds_alternative<SupervisorExited>(events.back()));
    CHECK(WEXITSTATUS(std::get<SupervisorExited>(events.back()).wait_status) == 76);
    REQUIRE(events.size() == 3);
    CHECK_THAT(std::get<Warning>(events[1]).text, starts_with("supervisor ends: "));
}

TEST_CASE("a supervisor takes no order before its setup", "[P14]") {
    RawSupervisor raw;
    raw.channel.send(encode(SupervisorCommand(Shutdown{})));
    const auto events = raw.events_until_end();
    REQUIRE(events.size() == 1);
    CHECK(WEXITSTATUS(std::get<SupervisorExited>(events[0]).wait_status) == 76);
}

TEST_CASE("a supervisor outlives a flood of commands about nobody") {
    OnePool one;
    one.pool.expect<Ready>();
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        one.pool.link.send(Kill{.child = {i, i}, .signal = SIGKILL, .scope = KillScope::kTree});
    }
    while (!one.pool.link.flush()) {
        pollfd entry{one.pool.link.fd(), POLLOUT, 0};
        REQUIRE(::poll(&entry, 1, 10'000) == 1);
    }
    const ScriptedWorker worker = one.pool.spawn();
    CHECK(one.pool.shut_down(0ms) == 0);
}

TEST_CASE("a storm of signals does not impress zygote and supervisor", "[F92]") {
    OnePool one;
    one.pool.expect<Ready>();
    const ScriptedWorker worker = one.pool.spawn(1);
    for (int i = 0; i < 10'000; ++i) {
        for (const int signal : {SIGUSR1, SIGUSR2, SIGCHLD, SIGWINCH, SIGCONT, SIGPIPE, SIGALRM}) {
            ::kill(one.pool.link.pid(), signal);
            ::kill(one.zygote.pid(), signal);
        }
    }
    worker.tell(std::string("E\2", 2));
    CHECK(WEXITSTATUS(one.pool.expect<Exited>().wait_status) == 2);
    ScriptedPool another(one.zygote);
    CHECK_FALSE(another.link.zygote_start().forked);
    another.expect<Ready>();
    CHECK(one.pool.shut_down() == 0);
}
