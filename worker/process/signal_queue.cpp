// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/signal_queue.h>

#include <aiomisc/runtime/base/error.h>

#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>

namespace aiomisc::process {

SignalQueue::SignalQueue(std::initializer_list<int> signals) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals) {
        ::sigaddset(&set, signal);
    }
    sigset_t blocked = set;
    // Blocked for good, they wait for nobody.
    for (const int signal : {SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO}) {
        ::sigaddset(&blocked, signal);
    }
    ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
    file_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!file_) {
        throw SystemError::from_errno("create signal descriptor");
    }
}

std::optional<int> SignalQueue::next() noexcept {
    signalfd_siginfo info{};
    if (::read(file_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
        return std::nullopt;
    }
    return static_cast<int>(info.ssi_signo);
}

}  // namespace aiomisc::process
