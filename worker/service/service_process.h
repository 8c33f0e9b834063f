// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/loop/call_handle.h>
#include <aiomisc/runtime/loop/fd_watcher.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/worker/pool/supervisor_link.h>
#include <aiomisc/worker/process/control_channel.h>
#include <aiomisc/worker/process/worker_page.h>
#include <aiomisc/worker/process/zygote.h>
#include <aiomisc/worker/service/statistic.h>

#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

namespace aiomisc::detail {

/// One process of a service, under a supervisor of its own, from the order to fork it until nothing
/// is left of it.
///
///     ordered ─says so─► started ─Exited─► ended ─supervisor and process gone─► over
///
/// The supervisor reports the end when the descendants are dead, and ends then itself. Should it be
/// killed, nobody reports, and the process dies a moment later than it: that is seen by the pidfd
/// that the process sent when it started. (The end of its channel comes too early: locks and other
/// descriptors of a dying process go after it.) So whoever waits for `over` may start the next one.
///
/// Affinity:  loop.
class ServiceProcess {
public:
    /// Errors: those of Zygote::spawn_supervisor(); SystemError (no descriptor, no memory).
    ServiceProcess(
        EventLoop& loop,
        process::Zygote& zygote,
        process::PoolSetup setup,
        std::shared_ptr<ProcessServiceStatistic> statistic);
    ServiceProcess(const ServiceProcess&) = delete;
    ServiceProcess& operator=(const ServiceProcess&) = delete;
    ~ServiceProcess();

    /// Set when in_process() is about to run, or never will.
    Event settled;
    Event ended;
    Event over;

    [[nodiscard]] bool started() const noexcept { return started_; }

    /// 0 before it is forked, and after it ended.
    [[nodiscard]] pid_t pid() const noexcept { return ended.is_set() ? 0 : pid_; }

    /// Whether it ended otherwise than by exiting with 0, and that was not expected.
    [[nodiscard]] bool failed() const noexcept;

    /// How it ended: `process 4711 exited with status 3: …`.
    [[nodiscard]] std::string ending() const;

    /// From here on an end is expected, and no failure.
    void expect_end() noexcept { expected_ = true; }

    /// Sends a signal to the process; nothing if it has ended.
    void signal(int number) noexcept;

    /// Kills its supervisor, and so all of it.
    void kill_supervisor() noexcept;

    /// Kills what is left, and waits for nothing.
    void abandon() noexcept;

private:
    void order();
    void on_channel() noexcept;
    void on_started(process::Packet packet);
    void watch_process(UniqueFd process) noexcept;
    void on_process_gone() noexcept;
    void stop_watching() noexcept;
    void on_supervisor(process::SupervisorEvent* event);
    void on_exit(const process::Exited& exited);
    void end_with(std::string failure);
    void end() noexcept;
    void limit_supervisor() noexcept;
    void advance() noexcept;

    EventLoop& loop_;
    process::Zygote& zygote_;
    std::string name_;
    std::shared_ptr<ProcessServiceStatistic> statistic_;
    std::optional<process::ControlChannel> channel_;
    UniqueFd process_;  // pidfd; none before it started
    std::optional<process::WorkerPage> page_;
    std::optional<FdWatcher> channel_watcher_;
    std::optional<FdWatcher> process_watcher_;
    std::unique_ptr<SupervisorLink> supervisor_;
    CallHandle limit_timer_;
    pid_t supervisor_pid_ = 0;
    pid_t pid_ = 0;
    bool started_ = false;
    bool expected_ = false;
    bool gone_ = false;  // as the pidfd says, or else the end of the channel
    std::optional<int> wait_status_;
    std::string note_;
    std::string supervisor_ending_;
};

}  // namespace aiomisc::detail
