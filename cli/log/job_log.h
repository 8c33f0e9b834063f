// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/log/log_file.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// What a JSON log says about the run as a whole.
struct RunRecord {
    std::vector<std::string> arguments;  ///< of aiomisc-run, as they were given
    std::string directory;
    std::chrono::system_clock::time_point started;
    std::string target;  ///< what TARGET was taken for: "command", "module", "source"
    /// TARGET and its words, as they may be shown; none if the commands come from the log.
    std::optional<std::string> command_template;
    std::string resume;  ///< the option that goes on with an older log; empty: none
};

/// The first line of the TSV log.
inline constexpr std::string_view kTsvHeader =
    "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

/// The record of what was done: a line for each job, or more than a line.
///
/// Written after the job's effects are complete, so that a crash of the run can repeat a job but
/// never lose one.
class JobLog {
public:
    explicit JobLog(LogFile file) : file_(std::move(file)) {}

    JobLog(const JobLog&) = delete;
    JobLog& operator=(const JobLog&) = delete;
    virtual ~JobLog() = default;

    /// Opens `path`; `.jsonl` at its end selects JSON lines. Errors: those of LogFile.
    static std::unique_ptr<JobLog> open(const std::string& path, bool append);

    virtual void begin(const RunRecord& run) = 0;

    /// An attempt has ended; `final` says that there will be no other.
    ///
    /// Errors:    SystemError (it was not written: the run must stop).
    virtual void attempt(const JobSpec& job, const JobResult& result, bool final) = 0;

    virtual void end(int exit_status) = 0;

    [[nodiscard]] LogFile& file() noexcept { return file_; }

private:
    LogFile file_;
};

/// GNU parallel's nine columns, a line for each job: that of its last attempt.
class TsvJobLog final : public JobLog {
public:
    using JobLog::JobLog;

    void begin(const RunRecord& run) override;
    void attempt(const JobSpec& job, const JobResult& result, bool final) override;

    void end(int) override {}
};

/// JSON lines: `begin`, a `job` for each attempt, `end`.
class JsonJobLog final : public JobLog {
public:
    using JobLog::JobLog;

    void begin(const RunRecord& run) override;
    void attempt(const JobSpec& job, const JobResult& result, bool final) override;
    void end(int exit_status) override;
};

}  // namespace aiomisc::cli
