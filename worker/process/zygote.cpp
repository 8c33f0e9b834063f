// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/zygote.h>

#include <aiomisc/runtime/base/check.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/signals_blocked.h>
#include <aiomisc/worker/process/pidfd.h>
#include <aiomisc/worker/process/poll.h>
#include <aiomisc/worker/process/process_setup.h>
#include <aiomisc/worker/process/zygote_process.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc::process {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kReapBound{100};
/// A zygote whose parent is gone ends with all its supervisors within this time.
constexpr std::chrono::milliseconds kEndBound{1000};

// Forks a process that is no child of this one: what is forked by a child that ends at once is
// given to init. So there is nothing to reap, and a program that waits for any child does not get
// ours. `run` must not return.
template <typename Run>
void fork_unrelated(Run&& run) {
    // No handler of the program runs in a child that is not the program.
    const SignalsBlocked guard;
    const pid_t child = ::fork();
    if (child < 0) {
        throw SystemError::from_errno("fork", "zygote");
    }
    if (child == 0) {
        const pid_t grandchild = fork_without_handlers();
        if (grandchild == 0) {
            run();
        }
        ::_exit(grandchild > 0 ? 0 : errno);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return;  // the program reaps all children; if there is no zygote, it will not answer
        }
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        throw SystemError::from_code(WEXITSTATUS(status), "fork", "zygote");
    }
}

// Waits for the end of a zygote, for that long, where this process is init or a subreaper: there it
// is our child all the same.
void reap(const UniqueFd& process, std::chrono::milliseconds bound) {
    const auto id = static_cast<id_t>(process.get());
    siginfo_t info{};
    const bool is_child = process && ::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
    if (is_child && wait_ready(process.get(), POLLIN, Clock::now() + bound)) {
        ::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG);
    }
}

// The zygote of a process. A process that the program forks finds that of its parent here, and its
// mutex perhaps locked, by a thread that does not exist here: it makes another. The old one stays
// reachable.
struct Shared {
    pid_t owner;
    Shared* inherited;
    Zygote zygote;
};

std::atomic<Shared*> shared{nullptr};

}  // namespace

Zygote& Zygote::ensure(const SupervisorHooks& hooks, Start* start) {
    const pid_t self = ::getpid();
    Shared* current = shared.load(std::memory_order_acquire);
    while (current == nullptr || current->owner != self) {
        // Never deleted: pools may be used until the very end of the process.
        auto fresh = std::unique_ptr<Shared>(new Shared{self, current, Zygote(hooks)});
        if (shared.compare_exchange_strong(current, fresh.get(), std::memory_order_acq_rel)) {
            current = fresh.release();
        }
    }
    AIOMISC_CHECK(current->zygote.hooks_ == hooks, "one process has one set of supervisor hooks");
    const Start result = current->zygote.start();
    if (start != nullptr) {
        *start = result;
    }
    return current->zygote;
}

Zygote::~Zygote() {
    control_.reset();  // this ends it
    reap(process_, kEndBound);
}

pid_t Zygote::pid() const {
    const std::lock_guard lock(mutex_);
    return pid_;
}

Zygote::Start Zygote::start() {
    const std::lock_guard lock(mutex_);
    Start start;
    start_locked(start);
    return start;
}

void Zygote::start_locked(Start& start) {
    if (control_) {
        return;
    }
    if (on_loss_ == OnLoss::kFail && started_once_) {
        throw InvalidStateError("the process that was forked from the program early on has died");
    }
    const std::size_t threads = thread_count();
    auto [ours, theirs] = ControlChannel::make_pair();
    UniqueFd self = open_pidfd(::getpid());
    flush_output();
    fork_unrelated([&] {
        run_zygote_process({.control = std::move(theirs), .parent = std::move(self)}, hooks_);
    });
    theirs.reset();
    control_.emplace(std::move(ours), ControlChannel::OnClose::kShutDown);
    const auto hello = receive_reply(Clock::now() + kDefaultTimeout, &process_);
    if (!hello || !std::holds_alternative<ZygoteHello>(hello->result)) {
        abandon();
        throw TimeoutError("the zygote process does not answer");
    }
    pid_ = std::get<ZygoteHello>(hello->result).pid;
    started_once_ = true;
    start.forked = true;
    start.other_threads = threads > 0 ? threads - 1 : 0;
}

Zygote::Supervisor Zygote::spawn_supervisor(std::chrono::milliseconds timeout) {
    const std::lock_guard lock(mutex_);
    Supervisor supervisor;
    // Twice, because the first may find out that the zygote has died since the last order.
    for (int attempt = 1; attempt <= 2; ++attempt) {
        start_locked(supervisor.start);
        // A new pair each time: had a lost zygote forked a supervisor before it died, the old one
        // is its own.
        auto [ours, theirs] = ControlChannel::make_pair();
        std::vector<UniqueFd> fds;
        fds.push_back(std::move(theirs));
        const auto result =
            request(SpawnSupervisor{}, std::move(fds), Clock::now() + timeout, &supervisor.process);
        if (!result) {
            give_up();
        } else if (const auto* spawned = std::get_if<SupervisorSpawned>(&*result)) {
            supervisor.control = std::move(ours);
            supervisor.pid = spawned->pid;
            return supervisor;
        } else if (const auto* failed = std::get_if<RequestFailed>(&*result)) {
            throw SystemError::from_code(failed->error, "fork", "supervisor");
        } else {
            throw ProtocolError("unexpected answer of the zygote");
        }
    }
    throw TimeoutError("the zygote process does not start a supervisor");
}

bool Zygote::kill_supervisor(pid_t pid, std::chrono::milliseconds timeout) {
    const std::lock_guard lock(mutex_);
    if (!control_) {
        return false;
    }
    const auto result = request(KillSupervisor{.pid = pid}, {}, Clock::now() + timeout);
    if (!result) {
        give_up();
    }
    return result && std::holds_alternative<RequestDone>(*result);
}

std::optional<Zygote::Result> Zygote::request(
    decltype(ZygoteRequest::action) action,
    std::vector<UniqueFd> fds,
    Deadline deadline,
    UniqueFd* fd) {
    const ZygoteRequest request{.sequence = ++last_sequence_, .action = action};
    control_->send(encode(request), std::move(fds));
    if (!control_->flush_until(deadline)) {
        return std::nullopt;
    }
    for (;;) {
        if (fd != nullptr) {
            fd->reset();
        }
        auto reply = receive_reply(deadline, fd);
        if (!reply) {
            return std::nullopt;
        }
        // Others answer orders that were given up.
        if (reply->sequence == request.sequence) {
            return reply->result;
        }
    }
}

std::optional<ZygoteReply> Zygote::receive_reply(Deadline deadline, UniqueFd* fd) {
    auto packet = control_->receive_until(deadline);
    if (!packet) {
        return std::nullopt;
    }
    if (fd != nullptr && !packet->fds.empty()) {
        *fd = std::move(packet->fds.front());
    }
    return decode_zygote_reply(packet->body);
}

void Zygote::give_up() {
    if (on_loss_ == OnLoss::kFail && !control_->closed()) {
        // There is no other. It may be late, and answer the next order.
        throw TimeoutError("the snapshot does not answer");
    }
    abandon();
}

void Zygote::abandon() noexcept {
    // Killed rather than left to end by itself: finding us gone, it would end the supervisors that
    // run.
    send_signal(process_, SIGKILL);
    reap(process_, kReapBound);
    process_.reset();
    control_.reset();
    pid_ = 0;
}

}  // namespace aiomisc::process
