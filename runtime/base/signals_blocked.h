// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>

#include <pthread.h>

namespace aiomisc {

/// While it lives, no signal is handled in this thread: they wait. What is made meanwhile, a thread
/// or a process, begins with all signals blocked.
///
/// Affinity:  any thread.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }

    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

}  // namespace aiomisc
