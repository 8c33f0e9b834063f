// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/default_executor.h>

#include <aiomisc/runtime/thread/loop_threads.h>

#include <stdexcept>
#include <utility>

namespace aiomisc {

namespace {

detail::LoopThreads& threads_of(EventLoop& loop) {
    if (loop.closed()) {
        throw ClosedError("the default executor of a closed loop");
    }
    return loop.extension<detail::LoopThreads>();
}

}  // namespace

ThreadPoolExecutor& default_executor(EventLoop& loop) {
    return threads_of(loop).pool();
}

void set_default_executor(EventLoop& loop, std::shared_ptr<ThreadPoolExecutor> pool) {
    if (!pool) {
        throw std::invalid_argument("set_default_executor() needs a pool");
    }
    threads_of(loop).set_pool(std::move(pool));
}

std::unique_ptr<EventLoop> new_event_loop(const EventLoopOptions& options) {
    if (options.pool_size == std::size_t{0}) {
        throw std::invalid_argument("a loop needs a pool_size of 1 or more");
    }
    auto loop = std::make_unique<EventLoop>();
    threads_of(*loop).set_pool_size(options.pool_size);
    return loop;
}

}  // namespace aiomisc
