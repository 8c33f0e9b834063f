// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/completion_set.h>

#include <aiomisc/runtime/task/timer_queue.h>

#include <utility>

namespace aiomisc::detail {

CompletionSet::CompletionSet(const Members& members)
    : links_(std::make_unique<Link[]>(members.size())), size_(members.size()) {
    pending_ = size_;
    for (std::size_t index = 0; index < size_; ++index) {
        Link& link = links_[index];
        link.set = this;
        link.completion = members[index];
        if (link.completion->done()) {
            count(index);
        } else {
            link.completion->observe(link);
        }
    }
}

bool CompletionSet::satisfies(Until until) const noexcept {
    if (pending_ == 0) {
        return true;
    }
    switch (until) {
        case Until::kAll:
            return false;
        case Until::kFirst:
            return first_ended_.has_value();
        case Until::kFirstError:
            return first_error_.has_value();
        case Until::kFirstFailure:
            return first_failure_.has_value();
    }
    return false;
}

void CompletionSet::cancel_pending(CancelReason reason) noexcept {
    for (std::size_t index = 0; index < size_; ++index) {
        Completion& member = (*this)[index];
        if (!member.done()) {
            member.cancel(reason);
        }
    }
}

void CompletionSet::mark_all_seen() noexcept {
    for (std::size_t index = 0; index < size_; ++index) {
        (*this)[index].mark_seen();
    }
}

Task<bool> CompletionSet::wait_as_owner(Until until, std::optional<Duration> timeout) {
    std::optional<CancelledError> cancelled;
    bool satisfied = false;
    do {
        try {
            satisfied = co_await Waiting(*this, cancelled ? Until::kAll : until, timeout, true);
        } catch (const CancelledError& error) {
            cancelled = error;
            timeout.reset();
            cancel_pending(error.reason());
        }
    } while (cancelled && pending_ > 0);
    if (cancelled) {
        mark_all_seen();
        if (first_error_) {
            (*this)[*first_error_].throw_if_failed();
        }
        throw CancelledError(cancelled->reason());
    }
    co_return satisfied;
}

void CompletionSet::member_ended(const Link& link) noexcept {
    count(static_cast<std::size_t>(&link - links_.get()));
    if (waiting_ != nullptr) {
        waiting_->member_ended();
    }
}

void CompletionSet::count(std::size_t index) noexcept {
    --pending_;
    const auto note = [index](std::optional<std::size_t>& first) {
        if (!first) {
            first = index;
        }
    };
    note(first_ended_);
    const Completion::Status status = (*this)[index].status();
    if (status == Completion::Status::kError) {
        note(first_error_);
    }
    if (status != Completion::Status::kValue) {
        note(first_failure_);
    }
}

Task<> wait_until_ended(CompletionSet::Members members) {
    CompletionSet set(members);
    co_await set.wait_as_owner(Until::kAll);
}

CompletionSet::Waiting::~Waiting() {
    if (set_.waiting_ == this) {
        set_.waiting_ = nullptr;
    }
    if (armed()) {
        scheduler().disarm(*this);
    }
}

void CompletionSet::Waiting::park() {
    set_.waiting_ = this;
    if (timeout_) {
        scheduler().arm(*this, deadline_after(scheduler().now(), *timeout_));
    }
}

bool CompletionSet::Waiting::unpark(CancelReason reason) noexcept {
    scheduler().disarm(*this);
    if (!owner_) {
        return true;
    }
    passed_on_ = reason;
    until_ = Until::kAll;
    set_.cancel_pending(reason);
    return false;
}

void CompletionSet::Waiting::member_ended() noexcept {
    if (set_.satisfies(until_)) {
        wake();
    }
}

void CompletionSet::Waiting::expire() noexcept {
    timed_out_ = true;
    wake();
}

bool CompletionSet::Waiting::await_resume() {
    if (resumed()) {
        throw_cancelled();
    }
    if (passed_on_) {
        throw CancelledError(*passed_on_);
    }
    return !timed_out_ || set_.satisfies(until_);
}

}  // namespace aiomisc::detail
