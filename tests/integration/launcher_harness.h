// SPDX-License-Identifier: MIT
#pragma once

#include "support/process.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// aiomisc-run as its users have it: started with words, judged by what it prints and leaves behind.
namespace aiomisc::test {

using Words = std::vector<std::string>;

inline Words operator+(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

struct LaunchOptions {
    std::optional<std::string> input{};  ///< of stdin; none: a pipe, which run() closes
    std::map<std::string, std::string> environment{};
    bool output_to_file = false;  ///< Launcher::out(), instead of the pipe of the Process
};

struct Outcome {
    ExitStatus status;
    std::string out;
    std::string err;
};

/// A working directory, and a cache, a TMPDIR and a home beside it, that no other test and no user
/// shares.
class Launcher {
public:
    Launcher();

    /// Runs aiomisc-run to its end.
    Outcome run(const Words& words, const LaunchOptions& options = {});

    /// Starts it in work().
    Process start(const Words& words, const LaunchOptions& options = {});

    [[nodiscard]] std::filesystem::path work() const { return dir_ / "work"; }

    [[nodiscard]] std::filesystem::path cache() const { return dir_ / "cache"; }

    [[nodiscard]] std::filesystem::path temporary() const { return dir_ / "tmp"; }

    /// Writes a file in the working directory.
    std::filesystem::path write(const std::string& name, std::string_view content) const {
        return dir_.write("work/" + name, content);
    }

    [[nodiscard]] std::string read(const std::string& name) const {
        return dir_.read("work/" + name);
    }

    /// What a started one has printed so far.
    [[nodiscard]] std::string out() const { return written("out"); }

    [[nodiscard]] std::string err() const { return written("err"); }

    /// Waits until a job has made that file in the working directory.
    [[nodiscard]] bool wait_for(const std::string& name) const;

    /// Names in the working directory, sorted.
    [[nodiscard]] std::vector<std::string> files() const;

private:
    /// Nothing until the shell that starts it has made the file.
    [[nodiscard]] std::string written(const std::string& name) const {
        return std::filesystem::exists(dir_.path() / name) ? dir_.read(name) : std::string();
    }

    TempDir dir_;
};

/// Lines without their newlines.
std::vector<std::string> lines_of(std::string_view text);

/// The same, sorted, for output whose order is nobody's business.
std::vector<std::string> sorted_lines_of(std::string_view text);

/// Lines of the TSV job log below its header, split at tabs, in the order of Seq.
std::vector<std::vector<std::string>> rows_of(std::string_view job_log);

/// The most memory that a running process has held, in KiB.
std::uint64_t peak_memory_kib(pid_t pid);

/// Whether nothing that `process` started is left within `limit`; it may be gone itself.
bool nothing_left_of(const Process& process, Milliseconds limit = std::chrono::seconds(2));

/// The processes of a run that are called `name`, which is cut off after 15 characters.
std::vector<pid_t> processes_named(const Process& process, const std::string& name);

/// The jobs of launcher_jobs/: as modules, and as sources.
std::string job_module(const std::string& name);
std::string job_source(const std::string& name);

}  // namespace aiomisc::test
