// SPDX-License-Identifier: MIT
#include <aiomisc/worker/pool/worker_pool.h>

#include "pool.h"

#include <aiomisc/runtime/loop/event_loop.h>

#include <utility>

namespace aiomisc {

WorkerPool::WorkerPool(WorkerPoolOptions options)
    : WorkerPool(EventLoop::current(), std::move(options)) {}

WorkerPool::WorkerPool(EventLoop& loop, WorkerPoolOptions options)
    : pool_(std::make_shared<detail::Pool>(loop, std::move(options))) {}

WorkerPool::~WorkerPool() {
    pool_->abandon();
}

Task<> WorkerPool::start() {
    return pool_->start();
}

Task<> WorkerPool::close(CloseOptions options) {
    return pool_->close(options);
}

Task<> WorkerPool::room() {
    return pool_->room();
}

void WorkerPool::suspend() noexcept {
    pool_->suspend();
}

void WorkerPool::resume() noexcept {
    pool_->resume();
}

bool WorkerPool::has_room() const noexcept {
    return pool_->has_room();
}

std::size_t WorkerPool::cancel_waiting() noexcept {
    return pool_->cancel_waiting();
}

std::size_t WorkerPool::workers() const noexcept {
    return pool_->workers();
}

std::vector<pid_t> WorkerPool::pids() const {
    return pool_->pids();
}

pid_t WorkerPool::supervisor_pid() const noexcept {
    return pool_->supervisor_pid();
}

WorkerPoolStatistics WorkerPool::statistics() const {
    return pool_->statistics();
}

namespace detail {

void submit_call(Pool& pool, Work& work) {
    pool.submit(work);
}

void cancel_work(Pool& pool, Work& work) noexcept {
    pool.cancel(work);
}

std::size_t max_payload_bytes(const Pool& pool) noexcept {
    return pool.options().max_payload_bytes;
}

std::uint64_t next_call_id(Pool& pool) noexcept {
    return pool.next_call_id();
}

}  // namespace detail

}  // namespace aiomisc
