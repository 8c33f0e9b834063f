// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/log/threaded_handler.h>

#include "delivery.h"
#include "threaded_core.h"

#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace aiomisc::log {

namespace {

struct LivingHandlers {
    std::mutex mutex;
    std::vector<std::weak_ptr<ThreadedHandler::Core>> cores;
};

LivingHandlers& living_handlers() {
    return detail::per_process<LivingHandlers>();
}

void remember(const std::shared_ptr<ThreadedHandler::Core>& core) {
    static const bool registered = std::atexit(&ThreadedHandler::close_all) == 0;
    static_cast<void>(registered);
    LivingHandlers& living = living_handlers();
    const std::lock_guard lock(living.mutex);
    std::erase_if(living.cores, [](const auto& candidate) { return candidate.expired(); });
    living.cores.push_back(core);
}

}  // namespace

ThreadedHandler::ThreadedHandler(std::shared_ptr<Sink> target, ThreadedOptions options) {
    if (!target || options.buffer_size == 0) {
        throw std::invalid_argument("a threaded handler needs a target and a buffer");
    }
    core_ = std::make_shared<Core>(this, std::move(target), std::move(options));
    remember(core_);
    Core::start(core_);
}

ThreadedHandler::~ThreadedHandler() {
    close();
}

void ThreadedHandler::emit(const Record& record) {
    core_->emit(record);
}

void ThreadedHandler::flush() {
    core_->flush();
}

void ThreadedHandler::interrupt() noexcept {
    core_->interrupt();
}

void ThreadedHandler::close() noexcept {
    core_->close();
}

const ThreadedHandlerStatistic& ThreadedHandler::statistic() const noexcept {
    return core_->statistic();
}

void ThreadedHandler::close_all() noexcept {
    LivingHandlers& living = living_handlers();
    std::vector<std::shared_ptr<Core>> cores;
    {
        const std::lock_guard lock(living.mutex);
        for (const auto& candidate : living.cores) {
            if (auto core = candidate.lock()) {
                cores.push_back(std::move(core));
            }
        }
    }
    for (const auto& core : cores) {
        core->close();
    }
}

std::shared_ptr<ThreadedHandler> wrap_logging_handler(
    std::shared_ptr<Sink> sink, ThreadedOptions options) {
    return std::make_shared<ThreadedHandler>(std::move(sink), std::move(options));
}

}  // namespace aiomisc::log
