// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/pidfd.h>

#include <sys/syscall.h>
#include <unistd.h>

namespace aiomisc::process {

// By number: the C library's functions are newer than those of Debian 12's glibc.
UniqueFd open_pidfd(pid_t pid) noexcept {
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

void send_signal(const UniqueFd& pidfd, int signal) noexcept {
    ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
}

}  // namespace aiomisc::process
