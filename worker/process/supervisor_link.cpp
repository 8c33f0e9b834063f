// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/supervisor_link.h>

#include <aiomisc/worker/process/pidfd.h>

#include <csignal>
#include <utility>

namespace aiomisc::process {

SupervisorLink SupervisorLink::start(Zygote& zygote, const PoolSetup& setup) {
    SupervisorLink link(zygote.spawn_supervisor());
    link.send(setup);
    return link;
}

SupervisorLink::SupervisorLink(Zygote::Supervisor supervisor)
    : channel_(std::move(supervisor.control), ControlChannel::OnClose::kShutDown),
      pid_(supervisor.pid),
      process_(std::move(supervisor.process)),
      zygote_start_(supervisor.start) {}

bool SupervisorLink::kill() noexcept {
    send_signal(process_, SIGKILL);
    return static_cast<bool>(process_);
}

void SupervisorLink::send(const SupervisorCommand& command, std::vector<UniqueFd> fds) {
    channel_.send(encode(command), std::move(fds));
}

std::optional<SupervisorEvent> SupervisorLink::try_receive() {
    if (auto packet = channel_.try_receive()) {
        return decode_supervisor_event(packet->body);
    }
    return std::nullopt;
}

std::optional<SupervisorEvent> SupervisorLink::receive_until(Deadline deadline) {
    if (auto packet = channel_.receive_until(deadline)) {
        return decode_supervisor_event(packet->body);
    }
    return std::nullopt;
}

}  // namespace aiomisc::process
