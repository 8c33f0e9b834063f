// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/zygote_process.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/process/control_channel.h>
#include <aiomisc/worker/process/descendants.h>
#include <aiomisc/worker/process/pidfd.h>
#include <aiomisc/worker/process/poll.h>
#include <aiomisc/worker/process/process_setup.h>
#include <aiomisc/worker/process/signal_queue.h>
#include <aiomisc/worker/process/supervisor_process.h>

#include <cerrno>
#include <csignal>
#include <unordered_map>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc::process {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Together less than the second in which everything is gone after the parent.
constexpr auto kLeaveBound = 400ms;  // for supervisors to end by themselves
constexpr auto kKillBound = 400ms;   // for processes to be gone after SIGKILL

constexpr int kZygoteProtocolError = 76;

class ZygoteProcess {
public:
    ZygoteProcess(ZygoteFork fork, const SupervisorHooks& hooks)
        : control_(std::move(fork.control)),
          parent_(std::move(fork.parent)),
          hooks_(hooks),
          signals_({SIGCHLD}) {}

    void run() {
        greet();
        while (!parent_gone_) {
            wait();
        }
        outlive_supervisors();
    }

private:
    void greet() {
        std::vector<UniqueFd> fds;
        if (UniqueFd self = open_pidfd(::getpid())) {
            fds.push_back(std::move(self));
        }
        control_.send(
            encode(ZygoteReply{.sequence = 0, .result = ZygoteHello{.pid = ::getpid()}}),
            std::move(fds));
    }

    void wait() {
        const short control_events = control_.wants_write() ? POLLIN | POLLOUT : POLLIN;
        std::vector<pollfd> entries{
            {control_.fd(), control_events, 0},
            {signals_.fd(), POLLIN, 0},
            {parent_.get(), POLLIN, 0}};
        for (const ControlChannel& report : reports_) {
            entries.push_back({report.fd(), POLLOUT, 0});
        }
        poll_until(entries, std::nullopt);
        control_.flush();
        std::erase_if(reports_, [](ControlChannel& report) { return report.flush(); });
        if (entries[1].revents != 0) {
            reap();
        }
        if (entries[0].revents != 0) {
            receive_requests();
        }
        parent_gone_ = entries[2].revents != 0 || control_.closed();
    }

    void receive_requests() {
        try {
            while (auto packet = control_.try_receive()) {
                const ZygoteRequest request = decode_zygote_request(packet->body);
                std::vector<UniqueFd> fds;
                const auto result = std::visit(
                    [&](const auto& action) { return perform(action, *packet, fds); },
                    request.action);
                control_.send(
                    encode(ZygoteReply{.sequence = request.sequence, .result = result}),
                    std::move(fds));
            }
        } catch (const ProtocolError&) {
            // The parent is out of its mind. When it needs us again it finds us gone and forks
            // another; what runs already runs on.
            ::_exit(kZygoteProtocolError);
        }
    }

    using Result = decltype(ZygoteReply::result);

    Result perform(const SpawnSupervisor&, Packet& packet, std::vector<UniqueFd>& reply_fds) {
        if (packet.fds.size() != 1) {
            return RequestFailed{.error = packet.fds_lost ? EMFILE : EINVAL};
        }
        UniqueFd& socket = packet.fds.front();
        const pid_t zygote = ::getpid();
        const pid_t pid = fork_without_handlers();
        if (pid < 0) {
            return RequestFailed{.error = errno};
        }
        if (pid == 0) {
            run_supervisor_process(
                {.control = std::move(socket), .parent = std::move(parent_), .zygote = zygote},
                hooks_);
        }
        supervisors_.emplace(pid, std::move(socket));
        if (UniqueFd process = open_pidfd(pid)) {
            reply_fds.push_back(std::move(process));
        }
        return SupervisorSpawned{.pid = pid};
    }

    Result perform(const KillSupervisor& request, Packet&, std::vector<UniqueFd>&) {
        // Only what stands in the table is ours, and not reaped: the id of another process never
        // gets here.
        if (!supervisors_.contains(request.pid)) {
            return RequestFailed{.error = ESRCH};
        }
        ::kill(request.pid, SIGKILL);
        return RequestDone{};
    }

    void reap() {
        while (signals_.next()) {
        }
        int status = 0;
        pid_t pid = 0;
        while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
            const auto supervisor = supervisors_.find(pid);
            if (supervisor != supervisors_.end()) {
                ControlChannel report(std::move(supervisor->second));
                supervisors_.erase(supervisor);
                report.send(encode(SupervisorEvent(SupervisorExited{.wait_status = status})));
                if (report.wants_write()) {
                    reports_.push_back(std::move(report));
                }
            }
        }
        kill_unknown_children([this](pid_t child) { return supervisors_.contains(child); });
    }

    // They have noticed as well, and need some milliseconds. One that is stopped, or still in its
    // initializer, needs help.
    void outlive_supervisors() {
        for (const Deadline deadline = Clock::now() + kLeaveBound; has_children();) {
            if (!wait_ready(signals_.fd(), POLLIN, deadline)) {
                break;
            }
            reap();
        }
        for (const Deadline deadline = Clock::now() + kKillBound; has_children();) {
            kill_unknown_children([](pid_t) { return false; });
            for (const auto& [pid, socket] : supervisors_) {
                ::kill(pid, SIGKILL);
            }
            if (!wait_ready(signals_.fd(), POLLIN, deadline)) {
                break;
            }
            reap();
        }
    }

    ControlChannel control_;
    UniqueFd parent_;
    const SupervisorHooks& hooks_;
    SignalQueue signals_;
    std::unordered_map<pid_t, UniqueFd>
        supervisors_;                      // with copies of their ends of their control sockets
    std::vector<ControlChannel> reports_;  // of the dead, that their parents do not read yet
    bool parent_gone_ = false;
};

}  // namespace

void run_zygote_process(ZygoteFork fork, const SupervisorHooks& hooks) noexcept {
    // Out of the parent's session: what is typed at its terminal is not for us.
    ::setsid();
    set_process_name("aiomisc-zygote");
    discard_inherited_output();
    fork.control = move_above_standard(std::move(fork.control));
    fork.parent = move_above_standard(std::move(fork.parent));
    detach_standard_descriptors();
    close_descriptors_except({fork.control.get(), fork.parent.get()});
    become_subreaper();
    reset_signals();
    ZygoteProcess(std::move(fork), hooks).run();
    ::_exit(0);
}

}  // namespace aiomisc::process
