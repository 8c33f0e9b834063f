// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/stop_signals.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/report/stderr_text.h>

#include <csignal>
#include <cstdlib>

#include <sys/resource.h>
#include <unistd.h>

namespace aiomisc::cli {

namespace {

bool is_ignored(int signal) {
    struct sigaction action{};
    return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

std::vector<int> stop_signals() {
    std::vector<int> signals{SIGINT, SIGTERM};
    if (!is_ignored(SIGHUP)) {
        signals.push_back(SIGHUP);
    }
    return signals;
}

std::vector<int> signals_of_run() {
    std::vector<int> signals = stop_signals();
    signals.insert(signals.end(), {SIGUSR1, SIGUSR2});
    if (!is_ignored(SIGTSTP)) {
        signals.push_back(SIGTSTP);
    }
    return signals;
}

void end_with_reader() {
    ::signal(SIGPIPE, SIG_DFL);
}

void die_of(int signal) {
    // The launcher has not crashed: no core file of it.
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::signal(signal, SIG_DFL);
    sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    ::raise(signal);
    std::_Exit(kKilledBySignalBase + signal);
}

void die_in_handler(int signal) {
    // What the shell prints next is not to stand in the bar.
    if (::isatty(STDERR_FILENO) == 1 && stderr_is_ready()) {
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, "\n", 1);
    }
    die_of(signal);
}

}  // namespace aiomisc::cli
