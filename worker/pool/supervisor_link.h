// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/loop/fd_watcher.h>
#include <aiomisc/worker/process/control_messages.h>
#include <aiomisc/worker/process/supervisor_link.h>

#include <functional>
#include <vector>

namespace aiomisc::detail {

/// process::SupervisorLink in the loop: events become calls of a handler.
///
/// Affinity:  loop.
class SupervisorLink {
public:
    /// Called for each event; null when the supervisor is gone, and never again then.
    using Handler = std::function<void(process::SupervisorEvent*)>;

    SupervisorLink(EventLoop& loop, process::SupervisorLink link, Handler handler);

    /// What cannot leave at once is queued. To a supervisor that is gone it is dropped.
    void send(const process::SupervisorCommand& command, std::vector<UniqueFd> descriptors = {});

    /// Takes what has arrived, now instead of when the loop comes to it.
    void catch_up();

    /// Ends the supervisor and everything below it; the handler is not told.
    void close() noexcept;

    /// As process::SupervisorLink::kill().
    bool kill() noexcept { return link_.kill(); }

    [[nodiscard]] bool closed() const noexcept { return gone_; }

private:
    void on_events();
    void receive();
    void watch();

    process::SupervisorLink link_;
    FdWatcher watcher_;
    Handler handler_;
    bool gone_ = false;
};

}  // namespace aiomisc::detail
