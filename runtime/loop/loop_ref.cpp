// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/loop_ref.h>

#include "loop_mailbox.h"

#include <aiomisc/runtime/loop/event_loop.h>

#include <utility>

namespace aiomisc {

LoopRef::LoopRef(EventLoop& loop) noexcept : mailbox_(loop.mailbox()) {}

bool LoopRef::call_soon_threadsafe(UniqueFunction<void()> function) const {
    return mailbox_ && mailbox_->put(function);
}

bool LoopRef::closed() const noexcept {
    return !mailbox_ || mailbox_->closed();
}

bool LoopRef::is_current() const noexcept {
    return mailbox_ &&
           static_cast<const Scheduler*>(mailbox_->loop()) == Scheduler::current_or_null() &&
           !mailbox_->closed();
}

}  // namespace aiomisc
