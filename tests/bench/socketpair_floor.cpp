// SPDX-License-Identifier: MIT
// Floor of everything that goes to a worker and back: two processes and one socketpair, blocking
// reads and writes, no encoding. Nothing that crosses a process border on such a channel can be
// faster.
#include "bench.h"

#include <csignal>
#include <vector>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// About the size of an encoded no-op call.
constexpr std::size_t kSmallMessage = 128;
constexpr std::size_t kMebibyte = 1 << 20;

[[noreturn]] void fail(const char* operation) {
    std::perror(operation);
    std::exit(1);
}

bool read_exactly(int fd, std::vector<char>& buffer) {
    for (std::size_t done = 0; done < buffer.size();) {
        const ssize_t n = ::read(fd, buffer.data() + done, buffer.size() - done);
        if (n <= 0) {
            return false;
        }
        done += static_cast<std::size_t>(n);
    }
    return true;
}

bool write_exactly(int fd, const std::vector<char>& buffer) {
    for (std::size_t done = 0; done < buffer.size();) {
        const ssize_t n = ::write(fd, buffer.data() + done, buffer.size() - done);
        if (n <= 0) {
            return false;
        }
        done += static_cast<std::size_t>(n);
    }
    return true;
}

/// A child that sends every message of `bytes` back, until its channel closes.
class Echo {
public:
    explicit Echo(std::size_t bytes) : buffer_(bytes, 'x') {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
            fail("socketpair");
        }
        child_ = ::fork();
        if (child_ < 0) {
            fail("fork");
        }
        if (child_ == 0) {
            ::close(ends[0]);
            while (read_exactly(ends[1], buffer_) && write_exactly(ends[1], buffer_)) {
            }
            ::_exit(0);
        }
        ::close(ends[1]);
        channel_ = ends[0];
    }

    Echo(const Echo&) = delete;
    Echo& operator=(const Echo&) = delete;

    ~Echo() {
        ::close(channel_);
        ::waitpid(child_, nullptr, 0);
    }

    void call() {
        if (!write_exactly(channel_, buffer_) || !read_exactly(channel_, buffer_)) {
            fail("echo");
        }
    }

private:
    std::vector<char> buffer_;
    pid_t child_ = -1;
    int channel_ = -1;
};

double echo_time(std::size_t bytes, int calls) {
    Echo echo(bytes);
    for (int i = 0; i < calls / 10 + 1; ++i) {
        echo.call();
    }
    const bench::Stopwatch watch;
    for (int i = 0; i < calls; ++i) {
        echo.call();
    }
    return watch.microseconds_per(calls);
}

double ping_pong(const bench::Options& options) {
    return echo_time(kSmallMessage, options.scaled(50'000));
}

double mebibyte_echo(const bench::Options& options) {
    return echo_time(kMebibyte, options.scaled(1'000));
}

double fork_and_wait(const bench::Options& options) {
    const int calls = options.scaled(1'000);
    const bench::Stopwatch watch;
    for (int i = 0; i < calls; ++i) {
        const pid_t child = ::fork();
        if (child < 0) {
            fail("fork");
        }
        if (child == 0) {
            ::_exit(0);
        }
        ::waitpid(child, nullptr, 0);
    }
    return watch.microseconds_per(calls);
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    return bench::run_rows(
        "socketpair_floor",
        argc,
        argv,
        {{"one call at a time", "floor", "us/call", ping_pong},
         {"1 MiB argument and result", "floor", "us/call", mebibyte_echo},
         {"replacing a dead worker", "floor", "us/call", fork_and_wait}});
}
