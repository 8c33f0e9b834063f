// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/supervisor_link.h>

#include <utility>

namespace aiomisc::process {

SupervisorLink SupervisorLink::start(Zygote& zygote, const PoolSetup& setup) {
    Zygote::Supervisor supervisor = zygote.spawn_supervisor();
    SupervisorLink link(std::move(supervisor.control), supervisor.pid, supervisor.start);
    link.send(setup);
    return link;
}

SupervisorLink::SupervisorLink(UniqueFd control, pid_t pid, Zygote::Start zygote_start)
    : channel_(std::move(control), ControlChannel::OnClose::kShutDown),
      pid_(pid),
      zygote_start_(zygote_start) {}

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
