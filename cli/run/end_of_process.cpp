// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/end_of_process.h>

#include <aiomisc/cli/exit_codes.h>

#include <csignal>
#include <cstdlib>

#include <sys/resource.h>

namespace aiomisc::cli {

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
