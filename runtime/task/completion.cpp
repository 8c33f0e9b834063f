// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/task/completion.h>

#include <new>

namespace aiomisc::detail {

void CompletionObserver::stop_observing() noexcept {
    if (observed_ != nullptr) {
        observed_->unlink(*this);
    }
}

Completion::~Completion() {
    while (first_ != nullptr) {
        unlink(*first_);
    }
}

void Completion::report_if_unseen() noexcept {
    if (status_ != Status::kError || std::exchange(seen_, true)) {
        return;
    }
    if (Scheduler* scheduler = Scheduler::current_or_null()) {
        try {
            scheduler->call_exception_handler({unseen_message(), error_, task_name()});
        } catch (const std::bad_alloc&) {
            scheduler->call_exception_handler({{}, error_, {}});
        }
    }
}

void Completion::observe(CompletionObserver& observer) noexcept {
    if (done()) {
        return;
    }
    observer.stop_observing();
    observer.observed_ = this;
    observer.next_ = nullptr;
    observer.previous_ = last_;
    (last_ == nullptr ? first_ : last_->next_) = &observer;
    last_ = &observer;
}

void Completion::unlink(CompletionObserver& observer) noexcept {
    (observer.previous_ == nullptr ? first_ : observer.previous_->next_) = observer.next_;
    (observer.next_ == nullptr ? last_ : observer.next_->previous_) = observer.previous_;
    observer.observed_ = nullptr;
}

bool Completion::finish(Status status) noexcept {
    if (done()) {
        return false;
    }
    status_ = status;
    // An observer may drop the last reference from outside.
    const Reference<Completion> alive(this);
    while (first_ != nullptr) {
        CompletionObserver& observer = *first_;
        unlink(observer);
        observer.on_completed(*this);
    }
    return true;
}

void Completion::throw_if_failed() {
    mark_seen();
    switch (status_) {
        case Status::kError:
            std::rethrow_exception(error_);
        case Status::kCancelled:
            throw CancelledError(cancel_reason_);
        case Status::kPending:
        case Status::kValue:
            return;
    }
}

}  // namespace aiomisc::detail
