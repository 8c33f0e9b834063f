// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/process/control_channel.h>
#include <aiomisc/worker/process/control_messages.h>
#include <aiomisc/worker/process/zygote.h>

#include <optional>
#include <vector>

#include <sys/types.h>

namespace aiomisc::process {

/// A supervisor, as the parent sees it: commands go in, events come out.
///
/// Never blocks. The loop polls fd() for reading, and for writing while wants_write(); then it
/// calls flush(), and try_receive() until it is empty.
///
/// The last event is SupervisorExited, and then closed() holds. If closed() comes without it, the
/// zygote was lost before the supervisor, and how the supervisor ended is not known. Dropping the
/// link ends the supervisor and everything below it at once.
///
/// Affinity: loop.
class SupervisorLink {
public:
    /// Orders a supervisor and sends it its setup; the answer is Ready or InitializerFailed.
    /// Errors: those of Zygote::spawn_supervisor().
    static SupervisorLink start(Zygote& zygote, const PoolSetup& setup);

    [[nodiscard]] int fd() const noexcept { return channel_.fd(); }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// What had to be done to the zygote for this one.
    [[nodiscard]] const Zygote::Start& zygote_start() const noexcept { return zygote_start_; }

    /// Sends a command, with the descriptors that the schema lists for it; queues what the socket
    /// does not take. A supervisor that is gone is learned from try_receive() alone. Errors:
    /// SystemError (no descriptor for a memory file), ProtocolError (command too large).
    void send(const SupervisorCommand& command, std::vector<UniqueFd> fds = {});

    /// Sends what is queued; false when some of it still is.
    bool flush() { return channel_.flush(); }

    [[nodiscard]] bool wants_write() const noexcept { return channel_.wants_write(); }

    /// The next event, or nothing for now, or for ever, see closed().
    /// Errors: ProtocolError; the link is of no use then.
    std::optional<SupervisorEvent> try_receive();

    [[nodiscard]] bool closed() const noexcept { return channel_.closed(); }

    /// Waits for the next event. Nothing: the deadline passed, or closed().
    std::optional<SupervisorEvent> receive_until(Deadline deadline);

    /// Kills a supervisor that does not listen any more, whatever became of the zygote. False where
    /// the kernel has no pidfds: then Zygote::kill_supervisor() can.
    bool kill() noexcept;

    /// Ends the supervisor and everything below it.
    void close() noexcept { channel_.close(); }

private:
    explicit SupervisorLink(Zygote::Supervisor supervisor);

    ControlChannel channel_;
    pid_t pid_;
    UniqueFd process_;  // pidfd
    Zygote::Start zygote_start_;
};

}  // namespace aiomisc::process
