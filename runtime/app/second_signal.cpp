// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/second_signal.h>

#include <cstring>

#include <string.h>
#include <unistd.h>

namespace aiomisc::detail {

namespace {

constexpr int kSignalBase = 128;

void say(const char* text) noexcept {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

// Only what a signal handler may call.
void leave_at_once(int signal) {
    const char* const name = ::sigabbrev_np(signal);
    say("aiomisc: a second signal, SIG");
    say(name == nullptr ? "?" : name);
    say(", during the shutdown: ending at once\n");
    ::_exit(kSignalBase + signal);
}

}  // namespace

SecondSignal::SecondSignal(const std::vector<int>& signals) noexcept {
    before_.reserve(signals.size());
    for (const int signal : signals) {
        struct sigaction action{};
        action.sa_handler = &leave_at_once;
        struct sigaction before{};
        if (::sigaction(signal, &action, &before) == 0) {
            before_.emplace_back(signal, before);
        }
    }
}

SecondSignal::~SecondSignal() {
    for (const auto& [signal, action] : before_) {
        ::sigaction(signal, &action, nullptr);
    }
}

}  // namespace aiomisc::detail
