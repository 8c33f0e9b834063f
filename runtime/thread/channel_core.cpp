// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/channel_core.h>

#include <aiomisc/runtime/log/log.h>

namespace aiomisc::detail {

void ChannelBase::wait_for_room(std::unique_lock<std::mutex>& lock) {
    if (loop_.is_current()) {
        throw InvalidStateError("a full channel would block the loop that empties it");
    }
    room_.wait(lock);
}

void ChannelBase::notify_loop(std::unique_lock<std::mutex> lock) noexcept {
    if (!std::exchange(wanted_, false)) {
        return;
    }
    const LoopRef loop = loop_;
    lock.unlock();
    try {
        loop.call_soon_threadsafe([channel = shared_from_this()] { channel->serve(); });
    } catch (...) {
        log::error(
            "aiomisc.thread",
            "a channel cannot wake its reader: {}",
            describe_exception(std::current_exception()));
    }
}

void ChannelBase::close() noexcept {
    std::unique_lock lock(mutex_);
    closed_ = true;
    room_.notify_all();
    notify_loop(std::move(lock));
}

bool ChannelBase::closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
}

void ChannelBase::attach() {
    const std::lock_guard lock(mutex_);
    if (loop_.is_current()) {
        return;
    }
    if (loop_) {
        throw InvalidStateError("a channel is read by one loop");
    }
    EventLoop& loop = EventLoop::current();
    bind(loop, shared_from_this());
    loop_ = loop;
}

void ChannelBase::attach_if_running() {
    if (dynamic_cast<EventLoop*>(Scheduler::current_or_null()) != nullptr) {
        attach();
    }
}

void ChannelBase::detach() noexcept {
    close();
    const std::shared_ptr<void> alive = unbind();
}

void ChannelBase::loop_closed() noexcept {
    close();
}

}  // namespace aiomisc::detail
