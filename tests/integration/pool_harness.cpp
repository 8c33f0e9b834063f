// SPDX-License-Identifier: MIT
#include "integration/pool_harness.h"

#include "support/leak_audit.h"

#include <aiomisc/worker/pool/worker_hooks.h>
#include <aiomisc/worker/process/zygote.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <new>
#include <sstream>

#include <sys/mman.h>
#include <unistd.h>

namespace aiomisc::test {

namespace {

using namespace std::chrono_literals;

Board& map_board() {
    void* memory =
        ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        throw SystemError::from_errno("map the board");
    }
    return *::new (memory) Board{};
}

void clear_board() noexcept {
    for (auto& gate : board().gates) {
        gate = 0;
    }
    for (auto& mark : board().marks) {
        mark = 0;
    }
    for (auto& pid : board().pids) {
        pid = 0;
    }
    for (auto& counter : board().counters) {
        counter = 0;
    }
    board().signers = 0;
}

}  // namespace

pid_t Board::current_pid() noexcept {
    return ::getpid();
}

std::vector<pid_t> Board::signed_pids() const {
    std::vector<pid_t> found;
    for (std::size_t index = 0; index < std::min<std::size_t>(signers, kPids); ++index) {
        if (pids[index] > 0) {
            found.push_back(pids[index]);
        }
    }
    return found;
}

Board& board() noexcept {
    static Board& shared = map_board();
    return shared;
}

void wait_at_gate(std::size_t gate) noexcept {
    while (board().gates[gate] == 0) {
        const timespec nap{0, 500'000};
        ::nanosleep(&nap, nullptr);
    }
}

void prepare_for_pools() {
    static const bool prepared = [] {
        board();
        process::Zygote::ensure(detail::worker_hooks());
        EventLoop().close();
        leak_audit::rebase();
        return true;
    }();
    static_cast<void>(prepared);
    clear_board();
}

void run_pool_test(Task<> (*body)()) {
    prepare_for_pools();
    run_on_loop<EventLoop>(body);
}

WorkerPoolOptions pool_options(std::size_t workers) {
    WorkerPoolOptions options;
    options.workers = workers;
    options.limits.core = 0;
    return options;
}

Task<bool> eventually(std::function<bool()> condition, Milliseconds limit) {
    const auto deadline = Clock::now() + limit * kPatience;
    while (!condition()) {
        if (Clock::now() >= deadline) {
            co_return false;
        }
        co_await sleep(2ms);
    }
    co_return true;
}

Task<bool> at_full_strength(WorkerPool& pool, Milliseconds limit) {
    co_return co_await eventually(
        [&pool] {
            const auto pids = pool.pids();
            return pids.size() == pool.workers() && std::ranges::none_of(pids, is_gone);
        },
        limit);
}

Task<bool> all_gone(std::vector<pid_t> pids, Milliseconds limit) {
    co_return co_await eventually([&pids] { return std::ranges::all_of(pids, is_gone); }, limit);
}

bool is_gone(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    std::getline(file, stat);
    const std::size_t name_end = stat.rfind(") ");
    if (name_end == std::string::npos) {
        return true;
    }
    std::istringstream fields(stat.substr(name_end + 2));
    char state = 0;
    pid_t parent = 0;
    fields >> state >> parent;
    return (state == 'Z' || state == 'X') && parent == 1;
}

void check_counters(const WorkerPool& pool) {
    const WorkerPoolStatistics now = pool.statistics();
    CAPTURE(
        now.submitted,
        now.succeeded,
        now.failed,
        now.cancelled,
        now.timed_out,
        now.died,
        now.rejected,
        now.queued,
        now.running,
        now.spawned,
        now.exited,
        now.workers);
    CHECK(
        now.submitted == now.succeeded + now.failed + now.cancelled + now.timed_out + now.died +
                             now.rejected + now.queued);
    CHECK(now.spawned >= now.exited + now.workers);
    CHECK(now.killed <= now.exited);
}

}  // namespace aiomisc::test
