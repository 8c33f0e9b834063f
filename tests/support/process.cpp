// SPDX-License-Identifier: MIT
#include "support/process.h"

#include "support/helper.h"
#include "support/process_table.h"

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc::test {

namespace {

constexpr std::string_view kMarkName = "AIOMISC_TEST_PROCESS";

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

Pipe make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        throw SystemError::from_errno("pipe");
    }
    return {.read_end = UniqueFd(ends[0]), .write_end = UniqueFd(ends[1])};
}

/// Unique among all processes that tests start now, and never part of another.
std::string make_mark() {
    static std::atomic<int> count = 0;
    return fmt::format("@{}.{}@", ::getpid(), ++count);
}

/// Ours, with what `options` adds. A mark we carry ourselves stays in front of the new one, so that
/// whoever started us still finds what we start.
std::vector<std::string> make_environment(const ProcessOptions& options, const std::string& mark) {
    std::string marks = mark;
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::string name(text.substr(0, text.find('=')));
        if (name == kMarkName) {
            marks = std::string(text.substr(name.size() + 1)) + mark;
        } else if (!options.environment.contains(name)) {
            environment.emplace_back(text);
        }
    }
    for (const auto& [name, value] : options.environment) {
        environment.push_back(fmt::format("{}={}", name, value));
    }
    environment.push_back(fmt::format("{}={}", kMarkName, marks));
    return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    std::transform(
        strings.begin(), strings.end(), std::back_inserter(pointers), [](std::string& text) {
            return text.data();
        });
    pointers.push_back(nullptr);
    return pointers;
}

/// posix_spawn's two argument blocks, freed together.
class SpawnPlan {
public:
    SpawnPlan(int input, int output, bool merge_stderr) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        if (merge_stderr) {
            ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
        }
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID);
    }

    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    ~SpawnPlan() {
        ::posix_spawnattr_destroy(&attributes_);
        ::posix_spawn_file_actions_destroy(&actions_);
    }

    [[nodiscard]] pid_t spawn(
        std::vector<std::string>& argv, std::vector<std::string>& environment) const {
        pid_t pid = -1;
        const int error = ::posix_spawnp(
            &pid,
            argv.front().c_str(),
            &actions_,
            &attributes_,
            pointers_to(argv).data(),
            pointers_to(environment).data());
        if (error != 0) {
            throw SystemError::from_code(error, "start", argv.front());
        }
        return pid;
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

/// A reader that is gone shows as EPIPE, not as the death of the test.
class IgnoredSigpipe {
public:
    IgnoredSigpipe() {
        struct sigaction ignore = {};
        ignore.sa_handler = SIG_IGN;
        ::sigaction(SIGPIPE, &ignore, &previous_);
    }

    IgnoredSigpipe(const IgnoredSigpipe&) = delete;
    IgnoredSigpipe& operator=(const IgnoredSigpipe&) = delete;

    ~IgnoredSigpipe() { ::sigaction(SIGPIPE, &previous_, nullptr); }

private:
    struct sigaction previous_ = {};
};

}  // namespace

Process::Process(pid_t pid, std::string mark, UniqueFd input, UniqueFd output)
    : pid_(pid), mark_(std::move(mark)), stdin_(std::move(input)), stdout_(std::move(output)) {}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      mark_(std::move(other.mark_)),
      stdin_(std::move(other.stdin_)),
      stdout_(std::move(other.stdout_)),
      buffer_(std::move(other.buffer_)),
      status_(other.status_) {}

Process::~Process() {
    if (pid_ > 0) {
        kill_tree();
    }
}

Process Process::start(std::vector<std::string> argv, const ProcessOptions& options) {
    Pipe input = make_pipe();
    Pipe output = make_pipe();
    const std::string mark = make_mark();
    std::vector<std::string> environment = make_environment(options, mark);
    const SpawnPlan plan(input.read_end.get(), output.write_end.get(), options.merge_stderr);
    const pid_t pid = plan.spawn(argv, environment);
    return {pid, mark, std::move(input.write_end), std::move(output.read_end)};
}

Process Process::start_helper(
    const std::string& name,
    const std::vector<std::string>& arguments,
    const ProcessOptions& options) {
    return start(helper_command(name, arguments), options);
}

bool Process::fill(std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wanted{.fd = stdout_.get(), .events = POLLIN, .revents = 0};
    const int ready =
        ::poll(&wanted, 1, static_cast<int>(std::max<Milliseconds::rep>(left.count(), 0)));
    if (ready == 0) {
        throw TimeoutError(
            "no more output of process " + std::to_string(pid_) + " so far: " + buffer_);
    }
    char chunk[4096];
    const ssize_t count = ready < 0 ? -1 : ::read(stdout_.get(), chunk, sizeof chunk);
    if (count < 0 && errno != EINTR) {
        throw SystemError::from_errno("read", "output of process " + std::to_string(pid_));
    }
    buffer_.append(chunk, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return count != 0;
}

std::optional<std::string> Process::read_line(Milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit * kPatience;
    bool more = true;
    while (more && buffer_.find('\n') == std::string::npos) {
        more = fill(deadline);
    }
    if (buffer_.empty()) {
        return std::nullopt;
    }
    const std::size_t end = std::min(buffer_.find('\n'), buffer_.size());
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, std::min(end + 1, buffer_.size()));
    return line;
}

std::string Process::read_all(Milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit * kPatience;
    while (fill(deadline)) {
    }
    return std::exchange(buffer_, {});
}

void Process::write(std::string_view text) {
    const IgnoredSigpipe ignored;
    while (!text.empty()) {
        const ssize_t count = ::write(stdin_.get(), text.data(), text.size());
        if (count < 0 && errno != EINTR) {
            throw SystemError::from_errno("write", "input of process " + std::to_string(pid_));
        }
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
}

void Process::send_signal(int signal) const {
    // Once reaped, the number may belong to somebody else.
    if (!status_) {
        ::kill(pid_, signal);
    }
}

bool Process::poll_exit() {
    int raw = 0;
    if (!status_ && ::waitpid(pid_, &raw, WNOHANG) == pid_) {
        status_ = WIFEXITED(raw) ? ExitStatus{.code = WEXITSTATUS(raw), .signal = 0}
                                 : ExitStatus{.code = -1, .signal = WTERMSIG(raw)};
    }
    return status_.has_value();
}

ExitStatus Process::wait(Milliseconds limit) {
    if (!wait_until([this] { return poll_exit(); }, limit)) {
        throw TimeoutError("process " + std::to_string(pid_) + " has not ended");
    }
    return *status_;
}

std::vector<pid_t> Process::survivors() const {
    return pids_with_environ_token(mark_);
}

void Process::kill_tree() noexcept {
    stdin_.reset();
    // Again until none is seen twice: what is just being forked shows in the next round, and what
    // is just executing another program has no environment for a moment.
    int rounds_without = 0;
    const bool gone = wait_until(
        [&] {
            send_signal(SIGKILL);
            const std::vector<pid_t> left = survivors();
            for (const pid_t pid : left) {
                ::kill(pid, SIGKILL);
            }
            rounds_without = left.empty() ? rounds_without + 1 : 0;
            return poll_exit() && rounds_without >= 2;
        },
        std::chrono::seconds(10));
    if (!gone) {
        std::cerr << "process " << pid_ << " or its descendants cannot be killed\n";
    }
}

}  // namespace aiomisc::test
