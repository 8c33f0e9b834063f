// SPDX-License-Identifier: MIT
#pragma once

#include "support/wait_until.h"

#include <aiomisc/runtime/base/unique_fd.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace aiomisc::test {

/// How a process ended.
struct ExitStatus {
    int code = -1;   ///< what it gave to exit(), -1 when a signal killed it
    int signal = 0;  ///< the signal that killed it, 0 when it exited

    friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

struct ProcessOptions {
    std::map<std::string, std::string> environment;  ///< added to ours
    bool merge_stderr = false;  ///< stderr goes where stdout goes; else it is inherited
};

/// A process of a test's own: another program, or a helper in this same executable.
///
/// It runs in a session of its own and carries a mark in its environment that everything it starts
/// inherits, so that kill_tree() and survivors() find descendants wherever they have moved. The
/// destructor kills whatever is left and reaps, so a failed assertion leaves no process behind.
///
/// Limits are multiplied by kPatience; running into one is an error of the test.
class Process {
public:
    /// Starts `argv[0]` (looked up in PATH). Errors: SystemError (no such program).
    static Process start(std::vector<std::string> argv, const ProcessOptions& options = {});

    /// Starts a helper registered with AIOMISC_TEST_HELPER (helper.h) in this executable.
    static Process start_helper(
        const std::string& name,
        const std::vector<std::string>& arguments = {},
        const ProcessOptions& options = {});

    Process(Process&& other) noexcept;
    Process& operator=(Process&&) = delete;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// The next line of its stdout, without the newline; none at the end of the output.
    /// Errors: TimeoutError.
    std::optional<std::string> read_line(Milliseconds limit = std::chrono::seconds(10));

    /// The rest of its stdout, until every holder of it is gone. Errors: TimeoutError.
    std::string read_all(Milliseconds limit = std::chrono::seconds(30));

    /// Errors: SystemError (it closed its stdin, or died).
    void write(std::string_view text);

    void close_stdin() noexcept { stdin_.reset(); }

    void send_signal(int signal) const;

    /// Waits for its end. May be called again. Errors: TimeoutError.
    ExitStatus wait(Milliseconds limit = std::chrono::seconds(30));

    /// Pids of it and of everything it started that still run.
    [[nodiscard]] std::vector<pid_t> survivors() const;

    /// Kills it and everything it started with SIGKILL, until nothing is left.
    void kill_tree() noexcept;

private:
    Process(pid_t pid, std::string mark, UniqueFd input, UniqueFd output);

    bool poll_exit();
    bool fill(std::chrono::steady_clock::time_point deadline);

    pid_t pid_ = -1;
    std::string mark_;
    UniqueFd stdin_;
    UniqueFd stdout_;
    std::string buffer_;
    std::optional<ExitStatus> status_;
};

}  // namespace aiomisc::test
