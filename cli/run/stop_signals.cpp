// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/stop_signals.h>

#include <aiomisc/cli/exit_codes.h>

#include <csignal>
#include <cstdlib>

#include <sys/resource.h>

namespace aiomisc::cli {

std::vector<int> stop_signals() {
    std::vector<int> signals{SIGINT, SIGTERM};
    struct sigaction hangup{};
    if (::sigaction(SIGHUP, nullptr, &hangup) != 0 || hangup.sa_handler != SIG_IGN) {
        signals.push_back(SIGHUP);
    }
    return signals;
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

}  // namespace aiomisc::cli
