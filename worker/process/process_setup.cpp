// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/process_setup.h>

#include <aiomisc/runtime/base/compiler.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include <fcntl.h>
#include <stdio_ext.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

namespace aiomisc::process {

namespace {

constexpr const char* kOomScoreFile = "/proc/self/oom_score_adj";

void close_range_of(unsigned first, unsigned last) noexcept {
    if (first > last || ::syscall(SYS_close_range, first, last, 0) == 0) {
        return;
    }
    // Before Linux 5.9, or in a sandbox that does not know the call.
    const long limit = ::sysconf(_SC_OPEN_MAX);
    const unsigned end = limit > 0 && limit < 65536 ? static_cast<unsigned>(limit) : 65536;
    for (unsigned fd = first; fd < end && fd <= last; ++fd) {
        ::close(static_cast<int>(fd));
    }
}

#ifdef __GLIBC__
// exit() calls it before everything that was registered earlier, and it does not return. With
// atexit(), it would not be told the status.
void leave(int status, void*) {
    flush_output();
    ::_exit(status);
}
#endif

#ifdef AIOMISC_ADDRESS_SANITIZER
// The sanitizer handles crashes to report them. Taken before main() can install others over it.
struct SanitizerHandlers {
    std::array<int, 4> signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    std::array<struct sigaction, 4> actions{};

    SanitizerHandlers() noexcept {
        for (std::size_t i = 0; i < signals.size(); ++i) {
            ::sigaction(signals[i], nullptr, &actions[i]);
        }
    }

    void restore() const noexcept {
        for (std::size_t i = 0; i < signals.size(); ++i) {
            ::sigaction(signals[i], &actions[i], nullptr);
        }
    }
};

const SanitizerHandlers sanitizer_handlers;
#endif

}  // namespace

void set_process_name(const char* name) noexcept {
    ::prctl(PR_SET_NAME, name, 0, 0, 0);
}

void close_descriptors_except(std::initializer_list<int> keep) noexcept {
    unsigned first = STDERR_FILENO + 1;
    for (;;) {
        unsigned next = UINT_MAX;  // the lowest that is kept, from `first` on
        for (const int fd : keep) {
            if (fd >= 0 && static_cast<unsigned>(fd) >= first) {
                next = std::min(next, static_cast<unsigned>(fd));
            }
        }
        if (next == UINT_MAX) {
            break;
        }
        if (next > first) {
            close_range_of(first, next - 1);
        }
        first = next + 1;
    }
    close_range_of(first, UINT_MAX);
    // syslog() would go on to write to whatever gets the number of its socket next.
    ::closelog();
}

void close_descriptors_above_standard() noexcept {
    close_range_of(STDERR_FILENO + 1, UINT_MAX);
}

void reset_signals() noexcept {
    for (int signal = 1; signal < NSIG; ++signal) {
        ::signal(signal, SIG_DFL);  // refused for SIGKILL, SIGSTOP and the C library's own
    }
#ifdef AIOMISC_ADDRESS_SANITIZER
    sanitizer_handlers.restore();
#endif
    ::signal(SIGPIPE, SIG_IGN);
}

void unblock_signals() noexcept {
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

void detach_standard_descriptors() noexcept {
    UniqueFd empty(::open("/dev/null", O_RDWR));
    if (!empty) {
        // No /dev in this root directory: a pipe that nobody writes to does as well for reading.
        int ends[2];
        if (::pipe(ends) != 0) {
            return;
        }
        ::close(ends[1]);
        empty.reset(ends[0]);
    }
    if (empty.get() != STDIN_FILENO) {
        ::dup2(empty.get(), STDIN_FILENO);
    }
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) < 0) {
            ::dup2(empty.get(), fd);
        }
    }
    if (empty.get() <= STDERR_FILENO) {
        [[maybe_unused]] const int kept = empty.release();
    }
}

UniqueFd move_above_standard(UniqueFd fd) noexcept {
    if (!fd || fd.get() > STDERR_FILENO) {
        return fd;
    }
    return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

void discard_inherited_output() noexcept {
    ::__fpurge(stdout);
    ::__fpurge(stderr);
}

void flush_output() noexcept {
    // Streams that throw on errors are somebody else's; a failed flush is not ours to report.
    try {
        std::cout.flush();
        std::clog.flush();
    } catch (...) {  // NOLINT(bugprone-empty-catch)
    }
    std::fflush(nullptr);
}

std::size_t thread_count() noexcept {
    struct stat status{};
    if (::stat("/proc/self/task", &status) != 0 || status.st_nlink < 3) {
        return 0;
    }
    // A directory has two links, and one for each directory in it: here, each thread.
    const std::size_t count = status.st_nlink - 2;
#ifdef AIOMISC_THREAD_SANITIZER
    // It starts a thread of its own along with the first of ours.
    return count > 1 ? count - 1 : count;
#else
    return count;
#endif
}

void become_subreaper() noexcept {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

int oom_score_adjust() noexcept {
    const UniqueFd file(::open(kOomScoreFile, O_RDONLY | O_CLOEXEC));
    char text[16];
    const ssize_t size = file ? ::read(file.get(), text, sizeof text) : -1;
    int value = 0;
    if (size > 0) {
        std::from_chars(text, text + size, value);
    }
    return value;
}

void set_oom_score_adjust(int value) noexcept {
    const UniqueFd file(::open(kOomScoreFile, O_WRONLY | O_CLOEXEC));
    char text[16];
    const auto end = std::to_chars(text, text + sizeof text, std::clamp(value, -1000, 1000)).ptr;
    if (file) {
        [[maybe_unused]] const auto written =
            ::write(file.get(), text, static_cast<std::size_t>(end - text));
    }
}

bool redirect(const UniqueFd& file, int standard_fd) noexcept {
    return !file || ::dup2(file.get(), standard_fd) >= 0;
}

void be_nice(int increment) noexcept {
    if (increment != 0) {
        [[maybe_unused]] const int now = ::nice(increment);
    }
}

void skip_inherited_exit_handlers() noexcept {
#ifdef __GLIBC__
    ::on_exit(&leave, nullptr);
#endif
}

void die_with_parent(int parent) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // It may have died before the request was made, and then nothing would ever come.
    if (::getppid() != parent) {
        ::_exit(128 + SIGKILL);
    }
}

void stay_without_parent() noexcept {
    ::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
}

pid_t fork_without_handlers() noexcept {
    return ::_Fork();
}

}  // namespace aiomisc::process
