// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/second_signal.h>

#include <array>
#include <atomic>
#include <cstring>

#include <string.h>
#include <unistd.h>

namespace aiomisc::detail {

namespace {

constexpr int kSignalBase = 128;

/// What signal handlers read; a handler knows no object.
struct State {
    const SecondSignal* owner = nullptr;
    SecondSignal::End end = nullptr;
    std::array<struct sigaction, NSIG> before{};
    std::array<bool, NSIG> installed{};
    std::atomic<int> seen{0};
};

State state;

static_assert(std::atomic<int>::is_always_lock_free);

void say(const char* text) noexcept {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

// Only what a signal handler may call.
void on_signal(int signal) {
    if (state.seen.fetch_add(1, std::memory_order_relaxed) == 0) {
        const auto first = state.before[static_cast<std::size_t>(signal)].sa_handler;
        if (first != SIG_DFL && first != SIG_IGN) {
            first(signal);
        }
        return;
    }
    state.end(signal);
}

}  // namespace

void SecondSignal::say_and_exit(int signal) {
    const char* const name = ::sigabbrev_np(signal);
    say("aiomisc: a second signal, SIG");
    say(name == nullptr ? "?" : name);
    say(", during the shutdown: ending at once\n");
    ::_exit(kSignalBase + signal);
}

SecondSignal::SecondSignal(const std::vector<int>& signals, End end) noexcept {
    if (state.owner != nullptr) {
        return;
    }
    state.owner = this;
    state.end = end;
    state.seen = 0;
    for (const int signal : signals) {
        const auto index = static_cast<std::size_t>(signal);
        if (::sigaction(signal, nullptr, &state.before[index]) != 0 ||
            (state.before[index].sa_flags & SA_SIGINFO) != 0) {
            continue;
        }
        struct sigaction action = state.before[index];
        action.sa_handler = &on_signal;
        state.installed[index] = ::sigaction(signal, &action, nullptr) == 0;
    }
}

SecondSignal::~SecondSignal() {
    if (state.owner != this) {
        return;
    }
    for (int signal = 1; signal < NSIG; ++signal) {
        const auto index = static_cast<std::size_t>(signal);
        if (!std::exchange(state.installed[index], false)) {
            continue;
        }
        // Somebody may have installed another one over ours.
        struct sigaction now{};
        if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == &on_signal) {
            ::sigaction(signal, &state.before[index], nullptr);
        }
    }
    state.owner = nullptr;
}

}  // namespace aiomisc::detail
