// SPDX-License-Identifier: MIT
#include "integration/process_harness.h"

#include "support/wait_until.h"

#include <aiomisc/worker/process/poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc::test {

using namespace process;
using namespace std::chrono_literals;

namespace {

// What /proc/<pid>/stat says of a process: with its start, in clock ticks, an id names it for good.
struct ProcessState {
    std::uint64_t started = 0;  // 0: there is none
    char state = 0;
    pid_t parent = 0;
};

ProcessState state_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    std::getline(file, stat);  // fails quietly if the process ends meanwhile, unlike an iterator
    const std::size_t name_end = stat.rfind(") ");
    if (name_end == std::string::npos) {
        return {};
    }
    std::istringstream fields(stat.substr(name_end + 2));
    ProcessState result;
    fields >> result.state >> result.parent;
    std::string skipped;
    for (int field = 5; field < 22; ++field) {
        fields >> skipped;
    }
    fields >> result.started;
    return result;
}

// Dead, and only waiting for init to reap it: that is not for us to do, and some take their time.
bool left_to_init(const ProcessState& state) {
    return state.state == 'Z' && state.parent == 1;
}

struct Board {
    struct Entry {
        std::atomic<std::uint64_t> started;
        std::atomic<pid_t> pid;
    };

    std::atomic<std::size_t> count{0};
    std::array<Entry, 4096> entries{};
};

Board& board() {
    static Board* const shared = [] {
        void* memory = ::mmap(
            nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        return ::new (memory) Board;
    }();
    return *shared;
}

// Mapped before anything forks.
const Board& mapped_early = board();

void sleep_for_ever() {
    for (;;) {
        ::pause();
    }
}

// As daemons do it: a session of its own, and no living parent.
void start_daemon() {
    int ready[2];
    if (::pipe(ready) != 0) {
        std::abort();
    }
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        if (::fork() == 0) {
            PidBoard::sign();
            ::close_range(0, ~0U, 0);
            sleep_for_ever();
        }
        ::_exit(0);
    }
    ::close(ready[1]);
    char byte = 0;
    while (::read(ready[0], &byte, 1) < 0 && errno == EINTR) {
    }  // until the daemon has closed it
    ::close(ready[0]);
    ::waitpid(child, nullptr, 0);
}

#if defined(__clang__)
#pragma clang diagnostic ignored "-Winfinite-recursion"
#elif defined(__GNUC__)
#pragma GCC diagnostic ignored "-Winfinite-recursion"
#endif
[[gnu::noinline]] int overflow_stack(int depth) {
    volatile char room[4096];
    room[0] = static_cast<char>(depth);
    return overflow_stack(depth + 1) + room[0];
}

void crash() {
    volatile int* wild = reinterpret_cast<int*>(16);
    *wild = 1;
}

class Script {
public:
    explicit Script(WorkerStart start) : start_(std::move(start)) {}

    int run() {
        while (const auto order = read()) {
            obey(*order);
        }
        return 0;
    }

private:
    std::optional<char> read() const {
        char byte = 0;
        ssize_t size = 0;
        while ((size = ::read(start_.channel.get(), &byte, 1)) < 0 && errno == EINTR) {
        }
        return size == 1 ? std::optional(byte) : std::nullopt;
    }

    void answer(char byte) const {
        [[maybe_unused]] const auto size = ::send(start_.channel.get(), &byte, 1, MSG_NOSIGNAL);
    }

    void obey(char order) {
        switch (order) {
            case 'p':
                return answer('.');
            case 'w':
                return answer(::pause() < 0 && errno == EINTR ? 'i' : '?');
            case 'd':
                start_daemon();
                return answer('.');
            case 's':
                return sleep_for_ever();
            case 'i':
                ::signal(SIGTERM, SIG_IGN);
                return answer('.');
            case 'f':
                return answer(static_cast<char>(descriptor_count(::getpid())));
            case 'S':
                ::raise(SIGSTOP);
                return;
            case 'c':
                ::close_range(3, ~0U, 0);
                return sleep_for_ever();
            default:
                return die(order);
        }
    }

    void die(char order) {
        switch (order) {
            case 'e':
                std::exit(
                    read().value_or(0));  // NOLINT(concurrency-mt-unsafe): that is what is tested
            case 'E':
                ::_exit(read().value_or(0));
            case 'q':
                std::quick_exit(read().value_or(0));
            case 'x':
                ::execl("/bin/true", "true", nullptr);
                std::abort();
            case 'v':
                return crash();
            case 'k':
                std::setvbuf(stdout, nullptr, _IOFBF, BUFSIZ);
                std::printf("unfinished");
                return crash();
            case 'o':
                overflow_stack(0);
                return;
            case 'a':
                std::abort();
            case 'P':
                ::pthread_exit(nullptr);
            default:
                throw std::runtime_error("thrown out of the hook");
        }
    }

    WorkerStart start_;
};

void initialize(const PoolSetup& setup) {
    PidBoard::sign();
    if (setup.name == "throw") {
        throw std::invalid_argument("bad initializer");
    }
    if (setup.name == "throw int") {
        throw 7;
    }
    if (setup.name == "exit") {
        std::exit(5);  // NOLINT(concurrency-mt-unsafe): that is what is tested
    }
    if (setup.name == "crash") {
        crash();
    }
    if (setup.name == "thread") {
        std::thread(sleep_for_ever).detach();
    }
    if (setup.name == "joined thread") {
        std::thread([] {}).join();
    }
    if (setup.name == "hang") {
        sleep_for_ever();
    }
    if (setup.name == "daemon") {
        start_daemon();
    }
    if (setup.name == "print") {
        std::printf("printed once\n");
    }
    if (setup.name == "ignore children") {
        ::signal(SIGCHLD, SIG_IGN);
    }
}

int run_worker(WorkerStart start) {
    PidBoard::sign();
    return Script(std::move(start)).run();
}

}  // namespace

void PidBoard::sign() noexcept {
    const std::size_t index = board().count.fetch_add(1);
    if (index < board().entries.size()) {
        auto& entry = board().entries[index];
        entry.started = state_of(::getpid()).started;
        entry.pid = ::getpid();
    }
}

void PidBoard::clear() noexcept {
    for (auto& entry : board().entries) {
        entry.pid = 0;
    }
    board().count = 0;
}

std::vector<pid_t> PidBoard::pids() {
    std::vector<pid_t> pids;
    for (std::size_t i = 0; i < std::min(board().count.load(), board().entries.size()); ++i) {
        if (const pid_t pid = board().entries[i].pid) {
            pids.push_back(pid);
        }
    }
    return pids;
}

std::vector<pid_t> PidBoard::remaining() {
    std::vector<pid_t> pids;
    for (const auto& entry : board().entries) {
        if (entry.pid != 0) {
            const ProcessState state = state_of(entry.pid);
            if (state.started == entry.started && !left_to_init(state)) {
                pids.push_back(entry.pid);
            }
        }
    }
    return pids;
}

bool PidBoard::wait_for(std::size_t count) {
    return wait_until([&] { return pids().size() >= count; }, 10s);
}

bool PidBoard::all_gone() {
    return wait_until([] { return remaining().empty(); }, 1s);
}

const SupervisorHooks& scripted_hooks() {
    static const SupervisorHooks hooks{.initialize = &initialize, .run_worker = &run_worker};
    return hooks;
}

Deadline soon() {
    return std::chrono::steady_clock::now() + 10s * kPatience;
}

void ScriptedWorker::tell(std::string_view orders) const {
    [[maybe_unused]] const auto size =
        ::send(channel.get(), orders.data(), orders.size(), MSG_NOSIGNAL);
}

std::optional<char> ScriptedWorker::answer() const {
    if (!wait_ready(channel.get(), POLLIN, soon())) {
        throw std::runtime_error("the worker does not answer");
    }
    char byte = 0;
    return ::recv(channel.get(), &byte, 1, 0) == 1 ? std::optional(byte) : std::nullopt;
}

std::optional<char> ScriptedWorker::ask(char order) const {
    tell({&order, 1});
    return answer();
}

ScriptedPool::ScriptedPool(Zygote& zygote, PoolSetup setup)
    : link(SupervisorLink::start(zygote, setup)) {}

ScriptedWorker ScriptedPool::order(
    std::uint32_t id,
    std::uint32_t generation,
    std::vector<UniqueFd> extra,
    bool has_stdout,
    bool has_stderr) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        throw std::runtime_error("no socket pair");
    }
    auto [page, file] = WorkerPage::create(4096);
    std::vector<UniqueFd> fds;
    fds.emplace_back(ends[1]);
    fds.push_back(std::move(file));
    std::move(extra.begin(), extra.end(), std::back_inserter(fds));
    const ChildKey key{.id = id, .generation = generation};
    link.send(
        SpawnWorker{.child = key, .has_stdout = has_stdout, .has_stderr = has_stderr},
        std::move(fds));
    return {.key = key, .channel = UniqueFd(ends[0]), .page = std::move(page)};
}

ScriptedWorker ScriptedPool::spawn(std::uint32_t id, std::uint32_t generation) {
    ScriptedWorker worker = order(id, generation);
    expect<Spawned>();
    if (worker.ask('p') != '.') {
        throw std::runtime_error("the worker is not well");
    }
    return worker;
}

int ScriptedPool::shut_down(std::chrono::milliseconds grace) {
    link.send(Shutdown{.grace = grace});
    while (auto event = link.receive_until(soon())) {
        if (const auto* exited = std::get_if<SupervisorExited>(&*event)) {
            return exited->wait_status;
        }
    }
    throw std::runtime_error("the supervisor does not end");
}

SupervisorEvent ScriptedPool::next_event(bool want_warnings) {
    for (;;) {
        auto event = link.receive_until(soon());
        if (!event) {
            throw std::runtime_error(link.closed() ? "the link is closed" : "no event in time");
        }
        const auto* warning = std::get_if<Warning>(&*event);
        if (warning == nullptr || want_warnings) {
            return std::move(*event);
        }
        warnings.push_back(warning->text);
    }
}

void ScriptedPool::fail(const SupervisorEvent& event) {
    throw std::runtime_error("unexpected event, alternative " + std::to_string(event.index()));
}

std::size_t descriptor_count(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/fd";
    const std::filesystem::directory_iterator entries(path);
    const auto count = static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
    return pid == ::getpid() ? count - 1 : count;  // without the one that lists them
}

pid_t fork_process(const std::function<void()>& body) {
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid != 0) {
        return pid;
    }
    try {
        body();
        ::_exit(0);
    } catch (const std::exception& error) {
        // Not to be caught by the test framework, which would go on with the tests here.
        std::fprintf(stderr, "forked process: %s\n", error.what());
        ::_exit(1);
    }
}

int wait_for_child(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

}  // namespace aiomisc::test
