// SPDX-License-Identifier: MIT
#include "supervisor_link.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>

#include <utility>

namespace aiomisc::detail {

SupervisorLink::SupervisorLink(EventLoop& loop, process::SupervisorLink link, Handler handler)
    : link_(std::move(link)), watcher_(loop, link_.fd()), handler_(std::move(handler)) {
    watcher_.start(FdWatcher::kReadable, [this](unsigned) { on_events(); });
}

void SupervisorLink::send(
    const process::SupervisorCommand& command, std::vector<UniqueFd> descriptors) {
    if (gone_) {
        return;
    }
    link_.send(command, std::move(descriptors));
    watch();
}

void SupervisorLink::catch_up() {
    if (!gone_) {
        on_events();
    }
}

void SupervisorLink::close() noexcept {
    if (!std::exchange(gone_, true)) {
        watcher_.stop();
        link_.close();
    }
}

void SupervisorLink::on_events() {
    link_.flush();
    receive();
    if (!gone_) {
        watch();
    }
}

void SupervisorLink::receive() {
    bool broken = false;
    try {
        while (auto event = link_.try_receive()) {
            handler_(&*event);
        }
    } catch (const ProtocolError& error) {
        log::error("aiomisc.pool", "supervisor broke the protocol: {}", error.what());
        broken = true;
    }
    if ((broken || link_.closed()) && !std::exchange(gone_, true)) {
        watcher_.stop();
        link_.close();
        handler_(nullptr);
    }
}

void SupervisorLink::watch() {
    watcher_.set_events(FdWatcher::kReadable | (link_.wants_write() ? FdWatcher::kWritable : 0));
}

}  // namespace aiomisc::detail
