// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/loop_threads.h>

#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/thread/thread_crew.h>
#include <aiomisc/runtime/thread/thread_pool.h>

#include <utility>

namespace aiomisc::detail {

LoopThreads::LoopThreads(EventLoop&) : crew_(std::make_shared<ThreadCrew>()) {}

LoopThreads::~LoopThreads() {
    // First: it wakes producers that wait for this loop, which the pools would wait for.
    while (first_ != nullptr) {
        LoopBound& bound = *first_;
        const std::shared_ptr<void> alive = remove(bound);
        bound.loop_closed();
    }
    while (!pools_.empty()) {
        pools_.pop_back();
    }
    if (const std::size_t left = crew_->join(ThreadCrew::kJoinLimit); left > 0) {
        log::warning(
            "aiomisc.thread", "the loop closed, and {} of its threads have not ended", left);
    }
}

ThreadPoolExecutor& LoopThreads::pool() {
    if (pools_.empty()) {
        pools_.push_back(std::make_shared<ThreadPoolExecutor>(
            ThreadPoolOptions{.max_workers = pool_size_, .statistic_name = "default"}));
    }
    return *pools_.back();
}

void LoopThreads::set_pool(std::shared_ptr<ThreadPoolExecutor> pool) {
    pools_.push_back(std::move(pool));
}

void LoopThreads::add(LoopBound& bound, std::shared_ptr<void> self) noexcept {
    bound.owner_ = this;
    bound.self_ = std::move(self);
    bound.next_ = first_;
    bound.previous_ = nullptr;
    if (first_ != nullptr) {
        first_->previous_ = &bound;
    }
    first_ = &bound;
}

std::shared_ptr<void> LoopThreads::remove(LoopBound& bound) noexcept {
    (bound.previous_ == nullptr ? first_ : bound.previous_->next_) = bound.next_;
    if (bound.next_ != nullptr) {
        bound.next_->previous_ = bound.previous_;
    }
    bound.owner_ = nullptr;
    return std::move(bound.self_);
}

void LoopBound::bind(EventLoop& loop, std::shared_ptr<void> self) {
    loop.extension<LoopThreads>().add(*this, std::move(self));
}

std::shared_ptr<void> LoopBound::unbind() noexcept {
    return owner_ == nullptr ? nullptr : owner_->remove(*this);
}

}  // namespace aiomisc::detail
