// SPDX-License-Identifier: MIT
#include "delivery.h"

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>

namespace aiomisc::log::detail {

namespace {

thread_local const InsideSink* innermost = nullptr;

}  // namespace

InsideSink::InsideSink(const Sink* sink, bool nested) noexcept
    : sink_(sink), nested_(nested), outer_(innermost) {
    innermost = this;
}

InsideSink::~InsideSink() {
    innermost = outer_;
}

bool InsideSink::contains(const Sink* sink) noexcept {
    for (const InsideSink* place = innermost; place != nullptr; place = place->outer_) {
        if (sink == nullptr || place->sink_ == sink) {
            return true;
        }
    }
    return false;
}

bool InsideSink::nested() noexcept {
    return innermost != nullptr && innermost->nested_;
}

void emit_dropped(Sink& sink, std::uint64_t dropped) {
    const std::string message = fmt::format("{} records dropped", dropped);
    const std::string count = fmt::format("{}", dropped);
    const std::string_view arguments[] = {count};
    Record record;
    record.level = Level::kWarning;
    record.logger = "aiomisc.log";
    record.message = message;
    record.format = "{} records dropped";
    record.arguments = arguments;
    record.time = std::chrono::system_clock::now();
    record.thread_name = "aiomisc-log";
    sink.emit(record);
}

std::unique_lock<std::mutex> lock_in_time(std::mutex& mutex) {
    constexpr int kAttempts = 200;
    std::unique_lock lock(mutex, std::try_to_lock);
    for (int attempt = 0; !lock && attempt < kAttempts; ++attempt) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        static_cast<void>(lock.try_lock());
    }
    return lock;
}

std::unique_lock<std::mutex> lock_for_record(std::mutex& mutex) {
    return InsideSink::nested() ? lock_in_time(mutex) : std::unique_lock(mutex);
}

}  // namespace aiomisc::log::detail
