// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/log/unhandled.h>

#include <aiomisc/runtime/log/config.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <thread>

#include <execinfo.h>

namespace aiomisc::log {

namespace {

constexpr int kMostFrames = 64;
/// A second thread that ends badly meanwhile lets the first one finish its record.
constexpr std::chrono::seconds kPatience{2};

std::atomic<std::terminate_handler> previous{nullptr};
std::atomic<bool> logging{false};
std::atomic<bool> logged{false};

[[noreturn]] void log_and_terminate() {
    if (!logging.exchange(true)) {
        std::array<void*, kMostFrames> frames{};
        const int count = ::backtrace(frames.data(), kMostFrames);
        detail::write_uncaught(
            std::current_exception(), std::span(frames).first(static_cast<std::size_t>(count)));
        flush();
        logged.store(true);
    } else {
        const auto deadline = std::chrono::steady_clock::now() + kPatience;
        while (!logged.load() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    if (const std::terminate_handler handler = previous.load()) {
        handler();
    }
    std::abort();
}

}  // namespace

void install_unhandled_hook() noexcept {
    static std::atomic<bool> installed{false};
    if (!installed.exchange(true)) {
        previous.store(std::set_terminate(&log_and_terminate));
    }
}

}  // namespace aiomisc::log
