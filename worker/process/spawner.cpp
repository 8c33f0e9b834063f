// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/spawner.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/process/command_process.h>
#include <aiomisc/worker/process/process_setup.h>
#include <aiomisc/worker/process/worker_process.h>

#include <cerrno>
#include <utility>

#include <unistd.h>

namespace aiomisc::process {

namespace {

// Hands out the descriptors of a packet in the order in which the schema lists them.
class Descriptors {
public:
    Descriptors(Packet& packet, std::size_t expected) : fds_(packet.fds) {
        if (packet.fds_lost) {
            packet.fds.clear();  // the rest is of no use, and whoever reports this may need some
            throw SystemError::from_code(EMFILE, "receive descriptors");
        }
        if (fds_.size() != expected) {
            throw ProtocolError("control message has the wrong number of descriptors");
        }
    }

    UniqueFd take() { return std::move(fds_[next_++]); }

    UniqueFd take_if(bool present) { return present ? take() : UniqueFd(); }

private:
    std::vector<UniqueFd>& fds_;
    std::size_t next_ = 0;
};

pid_t fork_worker() {
    // What is pending would be written by every child that flushes, once more each.
    flush_output();
    const pid_t pid = fork_without_handlers();
    if (pid < 0) {
        throw SystemError::from_errno("fork", "worker");
    }
    return pid;
}

}  // namespace

Spawner::Spawner(const PoolSetup& setup, const SupervisorHooks& hooks, int oom_score_adjust)
    : setup_(setup), hooks_(hooks), oom_score_adjust_(oom_score_adjust), supervisor_(::getpid()) {}

Child Spawner::spawn(const SpawnWorker& request, Packet& packet) {
    Descriptors fds(packet, 2 + (request.has_stdout ? 1 : 0) + (request.has_stderr ? 1 : 0));
    WorkerFork worker{
        .key = request.child,
        .channel = fds.take(),
        .page = fds.take(),
        .out = fds.take_if(request.has_stdout),
        .err = fds.take_if(request.has_stderr),
        .setup = &setup_,
        .supervisor = supervisor_,
        .oom_score_adjust = oom_score_adjust_};
    const pid_t pid = fork_worker();
    if (pid == 0) {
        run_worker_process(std::move(worker), hooks_);
    }
    return {.kind = ChildKind::kWorker, .key = request.child, .pid = pid};
}

Child Spawner::spawn(const SpawnCommand& request, Packet& packet) {
    if (request.arguments.empty()) {
        throw ProtocolError("command without a program");
    }
    Descriptors fds(
        packet,
        (request.has_stdin ? 1U : 0U) + (request.has_stdout ? 1U : 0U) +
            (request.has_stderr ? 1U : 0U));
    const CommandFork command{
        .command = &request,
        .limits = &setup_.limits,
        .in = fds.take_if(request.has_stdin),
        .out = fds.take_if(request.has_stdout),
        .err = fds.take_if(request.has_stderr),
        .supervisor = supervisor_,
        .oom_score_adjust = oom_score_adjust_};
    auto report = std::make_unique<LaunchReport>();
    const pid_t pid = start_command(command, *report);
    const bool leads_group = request.grouping != Grouping::kShared;
    return {
        .kind = ChildKind::kCommand,
        .key = request.child,
        .pid = pid,
        .leads_group = leads_group,
        .launch = std::move(report)};
}

}  // namespace aiomisc::process
