// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/child.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/loop/fd_watcher.h>

#include <stdexcept>
#include <string>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc {

namespace {

/// A descriptor that is readable when the process has ended. glibc 2.36 wraps the call, older ones
/// do not.
UniqueFd open_pidfd(pid_t pid) {
    const long fd = ::syscall(SYS_pidfd_open, pid, 0U);
    if (fd < 0) {
        throw SystemError::from_errno("watch process", std::to_string(pid));
    }
    return UniqueFd(static_cast<int>(fd));
}

std::chrono::microseconds to_duration(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

ChildExit describe(pid_t pid, int status, const rusage& usage) {
    ChildExit result;
    result.pid = pid;
    if (WIFEXITED(status)) {
        result.code = WEXITSTATUS(status);
    } else if (WIFSIGNALED(status)) {
        result.signal = WTERMSIG(status);
        result.core_dumped = WCOREDUMP(status);
    }
    result.user_time = to_duration(usage.ru_utime);
    result.system_time = to_duration(usage.ru_stime);
    result.max_rss_bytes = static_cast<std::size_t>(usage.ru_maxrss) * 1024;
    return result;
}

/// Reaps `pid` if it has ended.
std::optional<ChildExit> try_reap(pid_t pid) {
    int status = 0;
    rusage usage{};
    const pid_t reaped = ::wait4(pid, &status, WNOHANG, &usage);
    if (reaped < 0) {
        throw SystemError::from_errno("wait for process", std::to_string(pid));
    }
    if (reaped == 0) {
        return std::nullopt;
    }
    return describe(pid, status, usage);
}

}  // namespace

Task<ChildExit> wait_child(pid_t pid) {
    if (pid <= 0) {
        // To the kernel these mean groups of processes, and would reap the children of others.
        throw std::invalid_argument("wait_child: not a process: " + std::to_string(pid));
    }
    // First, so that what is no child of ours fails now and not when it ends.
    if (auto ended = try_reap(pid)) {
        co_return *ended;
    }
    const UniqueFd pidfd = open_pidfd(pid);
    for (;;) {
        co_await readable(pidfd.get());
        if (auto ended = try_reap(pid)) {
            co_return *ended;
        }
    }
}

}  // namespace aiomisc
