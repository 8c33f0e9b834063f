// SPDX-License-Identifier: MIT

// What must be gone when something is killed: everything. Each case has workers asleep in a task,
// each with a daemon of its own, and kills one of the processes above them.

#include "integration/process_harness.h"
#include "support/catch.h"
#include "support/wait_until.h"

#include <aiomisc/worker/process/descendants.h>

#include <csignal>
#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::process;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kWorkers = 4;

// A supervisor with workers that sleep, each with a daemon.
struct SleepingPool {
    explicit SleepingPool(Zygote& zygote) : pool(zygote) {
        pool.expect<Ready>();
        for (std::uint32_t id = 1; id <= kWorkers; ++id) {
            workers.push_back(pool.spawn(id));
            if (workers.back().ask('d') != '.') {
                throw std::runtime_error("no daemon");
            }
            workers.back().tell("s");
        }
    }

    ScriptedPool pool;
    std::vector<ScriptedWorker> workers;
};

// Signers on the board: the supervisor, the workers, the daemons.
constexpr std::size_t kSigners = 1 + 2 * kWorkers;

void sleep_for_ever() {
    for (;;) {
        ::pause();
    }
}

// Whether namespaces of its own are to be had here: not everywhere, even for root.
bool enter_namespaces(int flags) {
    return ::unshare(flags) == 0 &&
           ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

constexpr int kNotPossibleHere = 77;

// A parent with a sleeping pool, in a process of its own; `after` runs in it when all is up.
pid_t start_parent(const std::function<void(SleepingPool&, Zygote&)>& after) {
    PidBoard::clear();
    const pid_t parent = fork_process([&] {
        Zygote zygote(scripted_hooks());
        SleepingPool pool(zygote);
        PidBoard::sign();
        after(pool, zygote);
    });
    REQUIRE(PidBoard::wait_for(kSigners + 1));
    return parent;
}

}  // namespace

TEST_CASE("what a dead worker started is gone when its death is reported", "[P8]") {
    PidBoard::clear();
    Zygote zygote(scripted_hooks());
    SleepingPool sleeping(zygote);
    sleeping.pool.link.send(Kill{.child = {1, 1}, .signal = SIGKILL});
    CHECK(sleeping.pool.expect<Exited>().child.id == 1);
    // The daemon was sent SIGKILL before the report; it may still be on its way out.
    REQUIRE(test::wait_until([] { return PidBoard::remaining().size() == kSigners - 2; }, 1s));
    CHECK(sleeping.pool.warnings.empty());
}

TEST_CASE("a daemon lives as long as the worker that started it", "[P8]") {
    PidBoard::clear();
    Zygote zygote(scripted_hooks());
    ScriptedPool pool(zygote);
    pool.expect<Ready>();
    const ScriptedWorker with_daemon = pool.spawn(1);
    REQUIRE(with_daemon.ask('d') == '.');
    // Another worker's death does not touch it: it is below its own worker still.
    const ScriptedWorker other = pool.spawn(2);
    other.tell(std::string("E\1", 2));
    pool.expect<Exited>();
    const ScriptedWorker third = pool.spawn(3);
    CHECK(PidBoard::remaining().size() == 4);  // supervisor, worker, daemon, third
}

TEST_CASE("a daemon of the initializer lives as long as the supervisor", "[P8]") {
    PidBoard::clear();
    Zygote zygote(scripted_hooks());
    ScriptedPool pool(zygote, {.name = "daemon"});
    pool.expect<Ready>();
    const ScriptedWorker worker = pool.spawn(1);
    worker.tell(std::string("E\1", 2));
    pool.expect<Exited>();
    const ScriptedWorker next = pool.spawn(2);
    CHECK(PidBoard::remaining().size() == 3);  // supervisor, daemon, next
    CHECK(pool.shut_down(0ms) == 0);
    REQUIRE(PidBoard::all_gone());
}

TEST_CASE(
    "the supervisor is killed: nothing survives, detached processes included", "[P7][P8][F31]") {
    PidBoard::clear();
    Zygote zygote(scripted_hooks());
    SleepingPool sleeping(zygote);
    REQUIRE(::kill(sleeping.pool.link.pid(), SIGKILL) == 0);
    CHECK(WTERMSIG(sleeping.pool.expect<SupervisorExited>().wait_status) == SIGKILL);
    CHECK_FALSE(sleeping.pool.link.receive_until(soon()));
    CHECK(sleeping.pool.link.closed());
    REQUIRE(PidBoard::all_gone());
    for (const ScriptedWorker& worker : sleeping.workers) {
        CHECK(worker.answer() == std::nullopt);
    }
}

TEST_CASE("one supervisor is killed, another goes on", "[F44]") {
    PidBoard::clear();
    Zygote zygote(scripted_hooks());
    ScriptedPool survivor(zygote);
    survivor.expect<Ready>();
    const ScriptedWorker worker = survivor.spawn();
    REQUIRE(worker.ask('d') == '.');
    {
        SleepingPool victim(zygote);
        REQUIRE(::kill(victim.pool.link.pid(), SIGKILL) == 0);
        victim.pool.expect<SupervisorExited>();
    }
    REQUIRE(test::wait_until([] { return PidBoard::remaining().size() == 3; }, 1s));
    CHECK(worker.ask('p') == '.');
}

TEST_CASE("the zygote is killed: pools run on, and the next one gets another zygote", "[F24]") {
    PidBoard::clear();
    Zygote zygote(scripted_hooks());
    SleepingPool sleeping(zygote);
    const pid_t first = zygote.pid();
    REQUIRE(::kill(first, SIGKILL) == 0);
    ScriptedPool next(zygote);
    CHECK(next.link.zygote_start().forked);
    CHECK(zygote.pid() != first);
    next.expect<Ready>();
    sleeping.pool.link.send(Kill{.child = {1, 1}, .signal = SIGKILL});
    sleeping.pool.expect<Exited>();
    const ScriptedWorker replacement = sleeping.pool.spawn(1, 2);
    // Its zygote is not there to say how it ended: the link just closes.
    sleeping.pool.link.send(Shutdown{.grace = 0ms});
    for (std::uint32_t i = 0; i < kWorkers; ++i) {
        sleeping.pool.expect<Exited>();
    }
    CHECK_FALSE(sleeping.pool.link.receive_until(soon()));
    CHECK(sleeping.pool.link.closed());
}

TEST_CASE("the zygote and a supervisor are killed: no worker survives", "[F37]") {
    PidBoard::clear();
    Zygote zygote(scripted_hooks());
    ScriptedPool pool(zygote);
    pool.expect<Ready>();
    const ScriptedWorker worker = pool.spawn();
    worker.tell("s");
    REQUIRE(::kill(zygote.pid(), SIGKILL) == 0);
    REQUIRE(::kill(pool.link.pid(), SIGKILL) == 0);
    REQUIRE(PidBoard::all_gone());
    CHECK_FALSE(pool.link.receive_until(soon()));
    CHECK(pool.link.closed());
}

TEST_CASE("the parent is killed: nothing survives", "[P6][F36]") {
    const pid_t parent = start_parent([](SleepingPool&, Zygote&) { sleep_for_ever(); });
    REQUIRE(::kill(parent, SIGKILL) == 0);
    wait_for_child(parent);
    REQUIRE(PidBoard::all_gone());
}

TEST_CASE("the parent and its zygote are killed: nothing survives", "[P6][F36]") {
    const pid_t parent = start_parent([](SleepingPool&, Zygote& zygote) {
        ::kill(zygote.pid(), SIGKILL);
        ::kill(::getpid(), SIGKILL);
    });
    wait_for_child(parent);
    REQUIRE(PidBoard::all_gone());
}

TEST_CASE("the parent and its supervisor are killed: nothing survives", "[P6][F37]") {
    const pid_t parent = start_parent([](SleepingPool& pool, Zygote&) {
        ::kill(pool.pool.link.pid(), SIGKILL);
        ::kill(::getpid(), SIGKILL);
    });
    wait_for_child(parent);
    REQUIRE(PidBoard::all_gone());
}

TEST_CASE("the parent ends without a word: nothing survives", "[P6][F38]") {
    SECTION("by _exit()") {
        wait_for_child(start_parent([](SleepingPool&, Zygote&) { ::_exit(0); }));
        REQUIRE(PidBoard::all_gone());
    }
    SECTION("by becoming another program") {
        const pid_t parent = start_parent(
            [](SleepingPool&, Zygote&) { ::execlp("sleep", "sleep", "1000", nullptr); });
        REQUIRE(test::wait_until([&] { return PidBoard::remaining() == std::vector{parent}; }, 1s));
        ::kill(parent, SIGKILL);
        wait_for_child(parent);
    }
}

TEST_CASE("the parent is killed while a process it forked holds its descriptors", "[P6][F40]") {
    const pid_t parent = start_parent([](SleepingPool&, Zygote&) {
        fork_process([] {
            PidBoard::sign();
            sleep_for_ever();
        });
        sleep_for_ever();
    });
    REQUIRE(PidBoard::wait_for(kSigners + 2));
    const auto children = children_of(parent);
    REQUIRE(children);
    REQUIRE(children->size() == 1);
    const pid_t holder = children->front();
    REQUIRE(::kill(parent, SIGKILL) == 0);
    wait_for_child(parent);
    CHECK(test::wait_until([&] { return PidBoard::remaining() == std::vector{holder}; }, 1s));
    ::kill(holder, SIGKILL);
}

TEST_CASE("a process that the parent forked leaves the parent's pool alone", "[F40]") {
    PidBoard::clear();
    Zygote zygote(scripted_hooks());
    auto sleeping = std::make_optional<SleepingPool>(zygote);
    SECTION("when it ends, destroying its copies") {
        wait_for_child(fork_process([&] { sleeping.reset(); }));
        sleeping->pool.link.send(Kill{.child = {1, 1}, .signal = SIGKILL});
        sleeping->pool.expect<Exited>();
    }
    SECTION("and does not keep it running when the parent drops it") {
        const pid_t holder = fork_process(sleep_for_ever);
        sleeping.reset();
        CHECK(PidBoard::all_gone());
        ::kill(holder, SIGKILL);
        wait_for_child(holder);
    }
}

TEST_CASE(
    "the parent is killed while a supervisor is stopped or still starting", "[P6][F34][F81]") {
    PidBoard::clear();
    const bool starting = GENERATE(true, false);
    const pid_t parent = fork_process([&] {
        Zygote zygote(scripted_hooks());
        ScriptedPool pool(zygote, {.name = starting ? "hang" : ""});
        if (!starting) {
            pool.expect<Ready>();
            ::kill(pool.link.pid(), SIGSTOP);
        }
        PidBoard::sign();
        sleep_for_ever();
    });
    REQUIRE(PidBoard::wait_for(2));
    REQUIRE(::kill(parent, SIGKILL) == 0);
    wait_for_child(parent);
    // Here the zygote first waits whether they end by themselves.
    REQUIRE(test::wait_until([] { return PidBoard::remaining().empty(); }, 2s));
}

TEST_CASE("the thread that started a pool ends, and the pool does not notice", "[F39]") {
    PidBoard::clear();
    Zygote zygote(scripted_hooks());
    std::optional<SleepingPool> sleeping;
    std::thread([&] { sleeping.emplace(zygote); }).join();
    const ScriptedWorker worker = sleeping->pool.spawn(9);
    CHECK(worker.ask('p') == '.');
    CHECK(PidBoard::remaining().size() == kSigners + 1);
}

TEST_CASE("a link that is dropped takes everything with it", "[P6]") {
    PidBoard::clear();
    Zygote zygote(scripted_hooks());
    {
        const SleepingPool sleeping(zygote);
    }
    REQUIRE(PidBoard::all_gone());
}

TEST_CASE("without /proc a pool works, says what it cannot do, and ends all it knows of", "[F27]") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const int status = wait_for_child(fork_process([&] {
        if (!enter_namespaces(CLONE_NEWNS) || ::umount2("/proc", MNT_DETACH) != 0) {
            ::_exit(kNotPossibleHere);
        }
        Zygote zygote(scripted_hooks());
        ScriptedPool pool(zygote);
        pool.expect<Ready>();
        std::vector<UniqueFd> fds;
        fds.push_back(std::move(writer));
        pool.link.send(
            SpawnCommand{
                .child = {1, 1},
                .arguments = {"sh", "-c", "sleep 1000 & echo $!"},
                .grouping = Grouping::kShared,
                .has_stdout = true},
            std::move(fds));
        pool.expect<Spawned>();
        const bool warned = pool.expect<Warning>().text.starts_with("/proc does not show");
        pool.expect<Exited>();
        const ScriptedWorker worker = pool.spawn(2);
        pool.shut_down(0ms);
        ::_exit(warned ? 0 : 1);
    }));
    writer.reset();
    if (WEXITSTATUS(status) == kNotPossibleHere) {
        WARN("skipped: no mount namespace");
        return;
    }
    CHECK(status == 0);
    char pid[16] = {};
    REQUIRE(::read(reader.get(), pid, sizeof pid - 1) > 0);
    // What the command left behind holds the pipe, until the end of the supervisor ends it.
    char more = 0;
    CHECK(::read(reader.get(), &more, 1) == 0);
}

TEST_CASE("a parent that is init of its namespace is left with no zombie of ours", "[P9][F42]") {
    const int status = wait_for_child(fork_process([] {
        if (!enter_namespaces(CLONE_NEWNS | CLONE_NEWPID)) {
            ::_exit(kNotPossibleHere);
        }
        const int inner = wait_for_child(fork_process([] {
            if (::mount("proc", "/proc", "proc", 0, nullptr) != 0) {
                ::_exit(kNotPossibleHere);
            }
            Zygote zygote(scripted_hooks());
            for (int round = 0; round < 3; ++round) {
                ScriptedPool pool(zygote);
                pool.expect<Ready>();
                const bool well = pool.spawn().ask('d') == '.';
                if (!well || pool.shut_down() != 0 || own_children() != std::vector{zygote.pid()}) {
                    ::_exit(1);
                }
                ::kill(zygote.pid(), SIGKILL);
            }
            zygote.spawn_supervisor();  // finds it dead, and reaps it
            ::_exit(own_children() == std::vector{zygote.pid()} ? 0 : 2);
        }));
        ::_exit(WIFEXITED(inner) ? WEXITSTATUS(inner) : 3);
    }));
    if (WEXITSTATUS(status) == kNotPossibleHere) {
        WARN("skipped: no process namespace");
        return;
    }
    CHECK(status == 0);
}
