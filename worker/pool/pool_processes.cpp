// SPDX-License-Identifier: MIT
// The part of Pool that keeps its processes: the supervisor, and a worker in each slot.

#include "pool.h"
#include "worker_hooks.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/task/timer_queue.h>
#include <aiomisc/worker/process/wait_status.h>
#include <aiomisc/worker/process/zygote.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc::detail {

namespace {

using std::chrono::milliseconds;

/// What the zygote gets to kill a supervisor, and to see it gone.
constexpr milliseconds kKillLimit{1000};

std::pair<UniqueFd, UniqueFd> make_socket_pair() {
    std::array<int, 2> fds{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) < 0) {
        throw SystemError::from_errno("create channel of a worker");
    }
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

/// Reading end, writing end.
std::pair<UniqueFd, UniqueFd> make_pipe() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) < 0) {
        throw SystemError::from_errno("create pipe for the output of a worker");
    }
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

template <typename... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};

}  // namespace

void Pool::kill_supervisor() noexcept {
    if (supervisor_->kill()) {
        return;
    }
    try {
        process::Zygote::ensure(worker_hooks()).kill_supervisor(supervisor_pid_, kKillLimit);
    } catch (const std::exception& error) {
        log::error(
            "aiomisc.pool", "{}: cannot kill the supervisor: {}", options_.name, error.what());
    }
}

void Pool::drop_workers() noexcept {
    for (auto* group : {&slots_, &retiring_}) {
        for (auto& worker : *group) {
            if (!worker) {
                continue;
            }
            for (Work* work : worker->link().outstanding()) {
                settle(*work);
            }
            worker.reset();
        }
    }
    retiring_.clear();
    graveyard_.clear();
}

void Pool::open_supervisor() {
    process::PoolSetup setup;
    setup.name = options_.name;
    setup.log_level = log::level_name(log::level());
    setup.log_format = log::format_name(log::format());
    setup.log_date_format = log::date_format();
    setup.limits = options_.limits;
    setup.nice = options_.nice;
    setup.max_payload_bytes = options_.max_payload_bytes;
    if (options_.initializer) {
        const FunctionKey key = key_of(options_.initializer->thunk());
        setup.initializer = process::FunctionId{key.module, key.offset};
        setup.initializer_use =
            is_executor() ? process::InitializerUse::kWorker : process::InitializerUse::kSupervisor;
        setup.initializer_path = path_of_module(key.module);
        const auto arguments = options_.initializer->arguments();
        setup.initializer_argument.assign(arguments.begin(), arguments.end());
    }
    process::SupervisorLink link =
        process::SupervisorLink::start(process::Zygote::ensure(worker_hooks()), setup);
    if (link.zygote_start().forked && link.zygote_start().other_threads > 0) {
        log::warning(
            "aiomisc.pool",
            "{}: the zygote was forked while the process had {} other threads: start pools, or use "
            "aiomisc::run(), "
            "before threads",
            options_.name,
            link.zygote_start().other_threads);
    }
    supervisor_pid_ = link.pid();
    supervisor_ready_ = false;
    supervisor_ = std::make_unique<SupervisorLink>(
        loop_, std::move(link), [this](process::SupervisorEvent* event) {
            if (event != nullptr) {
                on_supervisor_event(event);
            } else {
                on_supervisor_gone();
            }
        });
}

void Pool::on_supervisor_event(process::SupervisorEvent* event) {
    std::visit(
        Overloaded{
            [this](const process::Ready&) {
                supervisor_ready_ = true;
                if (state_ != State::kStarting) {
                    start_limit_timer_.cancel();
                }
                ensure_workers();
            },
            [this](const process::InitializerFailed& failure) {
                initializer_error_ = initializer_error(failure);
                if (runs()) {
                    break_pool(
                        "the initializer failed in a new supervisor: " +
                        describe_exception(initializer_error_));
                }
            },
            [this](const process::Spawned& spawned) {
                if (PoolWorker* worker = find(spawned.child)) {
                    ++statistics_.spawned;
                    worker->spawned(spawned.pid);
                    publish_processes();
                    dispatch();
                }
            },
            [this](const process::SpawnFailed& failure) {
                if (PoolWorker* worker = find(failure.child)) {
                    worker->could_not_spawn(
                        SystemError::from_code(failure.error, failure.operation).what());
                }
            },
            [this](const process::Exited& exited) {
                if (PoolWorker* worker = find(exited.child)) {
                    const int status = exited.wait_status;
                    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
                    worker->exited(exited, killed && oom_.explains_death());
                }
            },
            [this](const process::Stopped& stopped) {
                if (suspended_.erase(stopped.child) > 0) {
                    return;
                }
                log::warning(
                    "aiomisc.pool",
                    "{}: worker {} was stopped",
                    options_.name,
                    stopped.child.id + 1);
            },
            [](const process::Continued&) {},
            [this](const process::Warning& warning) {
                log::warning("aiomisc.pool", "{}: {}", options_.name, warning.text);
            },
            [this](const process::SupervisorExited& exited) {
                supervisor_ending_ = process::describe_wait_status(exited.wait_status);
            }},
        *event);
    advance_start();
    wake_waiters();
}

PoolWorker* Pool::find(process::ChildKey key) noexcept {
    for (auto* group : {&slots_, &retiring_}) {
        for (const auto& worker : *group) {
            if (worker && worker->key() == key) {
                return worker.get();
            }
        }
    }
    return nullptr;
}

void Pool::on_supervisor_gone() {
    start_limit_timer_.cancel();  // the next has its own
    if (runs()) {
        log::error(
            "aiomisc.pool", "{}: the supervisor is gone ({})", options_.name, supervisor_ending_);
    }
    // Each may remove itself while we go on.
    std::vector<PoolWorker*> workers;
    for (auto* group : {&slots_, &retiring_}) {
        for (const auto& worker : *group) {
            if (worker) {
                workers.push_back(worker.get());
            }
        }
    }
    for (PoolWorker* worker : workers) {
        worker->supervisor_gone();
    }
    advance_start();
    restart_supervisor();
    wake_waiters();
}

void Pool::restart_supervisor(Duration at_least) noexcept {
    const bool old_ones_left =
        !retiring_.empty() ||
        std::ranges::any_of(slots_, [](const auto& worker) { return worker != nullptr; });
    // Only once, when the last of its workers is gone: no two sets of workers live side by side.
    if (!runs() || old_ones_left || restarting_) {
        return;
    }
    if (is_executor()) {
        break_pool("its supervisor " + supervisor_ending_);
        return;
    }
    const auto delay = restarts_.died(loop_.now(), "the supervisor " + supervisor_ending_);
    if (!delay) {
        break_pool("its supervisor dies again and again: " + restarts_.history());
        return;
    }
    restarting_ = true;
    respawn_timer_.cancel();
    respawn_timer_ =
        loop_.call_later(std::max(*delay, at_least), [this] { open_supervisor_again(); });
}

void Pool::open_supervisor_again() noexcept {
    restarting_ = false;
    try {
        open_supervisor();
    } catch (const std::exception& error) {
        // Memory, descriptors or processes ran out, and may be there again soon.
        supervisor_ending_ = std::string("cannot be started: ") + error.what();
        log::error("aiomisc.pool", "{}: a supervisor {}", options_.name, supervisor_ending_);
        restart_supervisor(milliseconds(200));
        return;
    }
    start_limit_timer_.cancel();
    start_limit_timer_ = loop_.call_later(options_.start_timeout, [this] {
        if (!supervisor_ready_) {
            break_pool("a new supervisor was not ready in time");
        }
    });
}

void Pool::worker_lost(const std::string& how, Duration at_least) noexcept {
    if (!keeps_workers()) {
        return;
    }
    const auto delay = restarts_.died(loop_.now(), how);
    if (!delay) {
        break_pool("its workers die again and again: " + restarts_.history());
        return;
    }
    const Duration wait = std::max(*delay, at_least);
    if (wait <= Duration::zero()) {
        ensure_workers();
    } else {
        respawn_timer_.cancel();
        respawn_timer_ = loop_.call_later(wait, [this] { ensure_workers(); });
    }
}

void Pool::ensure_workers() noexcept {
    if (!supervisor_ready_ || !supervisor_ || supervisor_->closed() || !keeps_workers()) {
        return;
    }
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
        if (slots_[slot]) {
            continue;
        }
        try {
            spawn_worker(slot);
        } catch (const std::exception& error) {
            log::error(
                "aiomisc.pool", "{}: cannot start a worker: {}", options_.name, error.what());
            worker_lost(error.what(), milliseconds(200));
            return;
        }
    }
    publish_processes();
}

void Pool::spawn_worker(std::size_t slot) {
    auto [our_end, worker_end] = make_socket_pair();
    auto [page, page_file] =
        process::WorkerPage::create(SharedArea::page_bytes(options_.shared_memory_bytes));
    std::vector<UniqueFd> descriptors;
    descriptors.push_back(std::move(worker_end));
    descriptors.push_back(std::move(page_file));
    PoolWorker::Channel channel{std::move(our_end), std::move(page), UniqueFd(), UniqueFd()};
    const bool capture = options_.capture_output;
    if (capture) {
        for (UniqueFd* reading_end : {&channel.out, &channel.err}) {
            auto [reading, writing] = make_pipe();
            *reading_end = std::move(reading);
            descriptors.push_back(std::move(writing));
        }
    }
    const process::ChildKey key{static_cast<std::uint32_t>(slot), ++generations_[slot]};
    slots_[slot] = std::make_unique<PoolWorker>(
        loop_, key, std::move(channel), options_, static_cast<PoolWorkerListener&>(*this));
    supervisor_->send(process::SpawnWorker{key, capture, capture}, std::move(descriptors));
}

void Pool::suspend() noexcept {
    if (!supervisor_ || supervisor_->closed()) {
        return;
    }
    // Twice: what was forked while the first was on its way is found by the second.
    for (int turn = 0; turn < 2; ++turn) {
        signal_workers(SIGSTOP);
    }
    for (const auto& worker : slots_) {
        if (worker) {
            suspended_.insert(worker->key());
        }
    }
}

void Pool::resume() noexcept {
    if (supervisor_ && !supervisor_->closed()) {
        signal_workers(SIGCONT);
    }
}

void Pool::signal_workers(int signal) noexcept {
    for (const auto& worker : slots_) {
        if (worker) {
            supervisor_->send(process::Kill{worker->key(), signal, process::KillScope::kTree});
        }
    }
}

/// Slots whose worker is not ready yet.
std::size_t Pool::replacements() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(slots_, [](const auto& worker) {
        return !worker || worker->state() == PoolWorker::State::kStarting;
    }));
}

void Pool::recycle_if_due(PoolWorker& worker) noexcept {
    if (!runs() || worker.state() != PoolWorker::State::kReady || worker.link().in_flight() > 0) {
        return;
    }
    const bool by_calls =
        options_.recycle_after_calls > 0 && worker.calls() >= options_.recycle_after_calls;
    const bool by_memory = options_.recycle_above_rss_bytes > 0 &&
                           worker.resident_bytes() > options_.recycle_above_rss_bytes;
    // Only a part at once: one that is over its memory can serve until its turn comes, after
    // another call. One that has made its calls cannot, and waiting would gain nothing.
    if (!by_calls &&
        (!by_memory || replacements() >= std::max<std::size_t>(slots_.size() / 4, 1))) {
        return;
    }
    ++statistics_.recycled;
    const auto slot = std::ranges::find_if(
        slots_, [&worker](const auto& other) { return other.get() == &worker; });
    worker.retire();
    retiring_.push_back(std::move(*slot));
    // The new one is forked while the old one ends.
    ensure_workers();
}

void Pool::bury(std::unique_ptr<PoolWorker> worker) noexcept {
    graveyard_.push_back(std::move(worker));
    if (graveyard_.size() == 1) {
        burial_ = loop_.call_soon([this] { graveyard_.clear(); });
    }
}

std::vector<pid_t> Pool::pids() const {
    std::vector<pid_t> pids;
    for (const auto& worker : slots_) {
        if (worker && worker->pid() > 0 && worker->state() == PoolWorker::State::kReady) {
            pids.push_back(worker->pid());
        }
    }
    return pids;
}

void Pool::publish_processes() noexcept {
    std::size_t ready = 0;
    std::size_t spawning = 0;
    for (const auto& worker : slots_) {
        ready += worker && worker->state() == PoolWorker::State::kReady ? 1 : 0;
        spawning += worker && worker->state() == PoolWorker::State::kStarting ? 1 : 0;
    }
    if (pool_statistic_) {
        pool_statistic_->processes = static_cast<double>(ready);
        pool_statistic_->spawning = static_cast<double>(spawning);
    } else {
        executor_statistic_->processes = static_cast<double>(ready);
    }
}

}  // namespace aiomisc::detail
