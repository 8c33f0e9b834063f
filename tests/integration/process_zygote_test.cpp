// SPDX-License-Identifier: MIT
#include "integration/process_harness.h"
#include "support/catch.h"
#include "support/leak_audit.h"
#include "support/process_table.h"
#include "support/wait_until.h"

#include <aiomisc/runtime/base/error.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <future>
#include <thread>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::process;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

bool answers(Zygote& zygote) {
    ScriptedPool pool(zygote);
    pool.expect<Ready>();
    const bool well = pool.spawn().ask('p') == '.';  // and its channel closed
    return well && pool.shut_down() == 0;
}

}  // namespace

TEST_CASE("the zygote is forked at first use, and once", "[P15]") {
    Zygote zygote(scripted_hooks());
    CHECK(zygote.pid() == 0);
    const Zygote::Start first = zygote.start();
    CHECK(first.forked);
    const pid_t pid = zygote.pid();
    CHECK(is_running(pid));
    CHECK_FALSE(zygote.start().forked);
    CHECK(zygote.pid() == pid);
    CHECK(answers(zygote));
}

TEST_CASE("a zygote says whether the process had threads when it was forked", "[F94]") {
    Zygote early(scripted_hooks());
    std::promise<void> done;
    std::size_t before = early.start().other_threads;
    std::thread other([&] { done.get_future().wait(); });
    Zygote late(scripted_hooks());
    const Zygote::Start start = late.start();
    CHECK(start.other_threads >= before + 1);
    done.set_value();
    other.join();
    CHECK(answers(late));
}

TEST_CASE("a program that waits for its children never gets ours", "[P17][F43]") {
    Zygote zygote(scripted_hooks());
    REQUIRE(answers(zygote));
    CHECK(::waitpid(-1, nullptr, 0) == -1);
    CHECK(errno == ECHILD);
}

TEST_CASE("a program may ignore SIGCHLD, or reap whatever dies", "[P17][F43]") {
    wait_for_child(fork_process([] {
        ::signal(SIGCHLD, SIG_IGN);
        Zygote zygote(scripted_hooks());
        ::_exit(answers(zygote) ? 0 : 1);
    }));
    const int status = wait_for_child(fork_process([] {
        struct sigaction action{};
        action.sa_handler = [](int) {
            const int saved = errno;
            while (::waitpid(-1, nullptr, WNOHANG) > 0) {
            }
            errno = saved;
        };
        ::sigaction(SIGCHLD, &action, nullptr);
        Zygote zygote(scripted_hooks());
        ::_exit(answers(zygote) ? 0 : 1);
    }));
    CHECK(status == 0);
}

TEST_CASE("the zygote holds nothing but its socket and what it watches", "[P10]") {
    std::vector<UniqueFd> open_in_parent;
    for (int i = 0; i < 100; ++i) {
        open_in_parent.emplace_back(::dup(STDERR_FILENO));  // not close-on-exec
    }
    Zygote zygote(scripted_hooks());
    zygote.start();
    // stdin, stdout, stderr, control, pidfd of the parent, signals, and a moment later nothing more
    CHECK(test::wait_until([&] { return descriptor_count(zygote.pid()) == 6; }, 10s));
    CHECK(answers(zygote));
    CHECK(test::wait_until([&] { return descriptor_count(zygote.pid()) == 6; }, 10s));
}

TEST_CASE("a parent without standard descriptors has working pools all the same") {
    const int status = wait_for_child(fork_process([] {
        ::close_range(0, ~0U, 0);
        Zygote zygote(scripted_hooks());
        ScriptedPool pool(zygote);
        pool.expect<Ready>();
        const ScriptedWorker worker = pool.spawn();
        ::_exit(worker.ask('f') == 4 ? 0 : 1);
    }));
    CHECK(status == 0);
}

TEST_CASE("a zygote that died is replaced at the next order", "[F24]") {
    Zygote zygote(scripted_hooks());
    for (int round = 0; round < 10; ++round) {
        CHECK(answers(zygote));
        REQUIRE(::kill(zygote.pid(), SIGKILL) == 0);
    }
    CHECK(answers(zygote));
}

TEST_CASE("a zygote that does not answer is given up, and another is forked", "[F24]") {
    Zygote zygote(scripted_hooks());
    zygote.start();
    const pid_t stopped = zygote.pid();
    REQUIRE(::kill(stopped, SIGSTOP) == 0);
    const Zygote::Supervisor supervisor = zygote.spawn_supervisor(100ms * kPatience);
    CHECK(supervisor.start.forked);
    CHECK(zygote.pid() != stopped);
    CHECK(test::wait_until([&] { return !is_running(stopped); }, 10s));
}

TEST_CASE("the only snapshot of a program is not killed for being late", "[F24][F89]") {
    Zygote zygote(scripted_hooks(), Zygote::OnLoss::kFail);
    zygote.start();
    const pid_t pid = zygote.pid();
    REQUIRE(::kill(pid, SIGSTOP) == 0);
    CHECK_THROWS_AS(zygote.spawn_supervisor(50ms), TimeoutError);
    CHECK_THROWS_AS(zygote.kill_supervisor(1, 50ms), TimeoutError);
    REQUIRE(::kill(pid, SIGCONT) == 0);
    CHECK(answers(zygote));
    CHECK(zygote.pid() == pid);

    REQUIRE(::kill(pid, SIGKILL) == 0);
    CHECK_THROWS_AS(zygote.spawn_supervisor(), InvalidStateError);
}

TEST_CASE("a program that is init, or a subreaper, is not left with a dead zygote", "[P17][F43]") {
    const int status = wait_for_child(fork_process([] {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        {
            Zygote zygote(scripted_hooks());
            zygote.start();
        }
        const bool none_left = ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
        ::_exit(none_left ? 0 : 1);
    }));
    CHECK(status == 0);
}

TEST_CASE("a zygote ends with the object that stands for it") {
    PidBoard::clear();
    pid_t pid = 0;
    {
        Zygote zygote(scripted_hooks());
        zygote.start();
        pid = zygote.pid();
    }
    CHECK(test::wait_until([&] { return !is_running(pid); }, 10s));
}

TEST_CASE("a process that is forked does not use its parent's zygote", "[F40]") {
    Zygote::Start start;
    Zygote& zygote = Zygote::ensure(scripted_hooks(), &start);
    leak_audit::rebase();  // it stays until the end of the process
    CHECK(answers(zygote));
    const pid_t pid = zygote.pid();
    const int status = wait_for_child(fork_process([&] {
        Zygote::Start own_start;
        Zygote& own = Zygote::ensure(scripted_hooks(), &own_start);
        const bool good = own_start.forked && own.pid() != pid && answers(own);
        ::_exit(good ? 0 : 1);
    }));
    CHECK(status == 0);
    Zygote& same = Zygote::ensure(scripted_hooks(), &start);
    CHECK_FALSE(start.forked);
    CHECK(&same == &zygote);
    CHECK(same.pid() == pid);
    CHECK(answers(same));
}

TEST_CASE("supervisors may be ordered by many threads at once", "[F44]") {
    Zygote zygote(scripted_hooks());
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 5; ++round) {
                good += answers(zygote) ? 1 : 0;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(good == 20);
}

TEST_CASE("a zygote forked among busy threads works", "[F94]") {
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            while (!stop) {
                const std::string text(1000, 'x');
                const std::vector<std::string> more(100, text);
            }
        });
    }
    int good = 0;
    for (int round = 0; round < 20; ++round) {
        Zygote zygote(scripted_hooks());
        good += answers(zygote) ? 1 : 0;
    }
    stop = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(good == 20);
}
