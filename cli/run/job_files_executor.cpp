// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/job_files_executor.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/job/job_files.h>
#include <aiomisc/runtime/base/error.h>

#include <chrono>
#include <utility>

namespace aiomisc::cli {

namespace {

/// Takes the files away, however the job ends.
class Cleanup {
public:
    Cleanup(std::vector<JobFile> files, bool wanted) : files_(std::move(files)), wanted_(wanted) {}

    Cleanup(const Cleanup&) = delete;
    Cleanup& operator=(const Cleanup&) = delete;

    ~Cleanup() {
        if (wanted_) {
            remove_job_files(files_);
        }
    }

private:
    std::vector<JobFile> files_;
    bool wanted_;
};

}  // namespace

JobFilesExecutor::JobFilesExecutor(std::unique_ptr<Executor> inner, bool cleanup)
    : inner_(std::move(inner)), cleanup_(cleanup) {}

Task<JobResult> JobFilesExecutor::run(JobSpec job, JobOutput output) {
    std::vector<JobFile> files = std::exchange(job.files, {});
    JobResult result;
    result.started = std::chrono::system_clock::now();
    try {
        write_job_files(files);
    } catch (const SystemError& error) {
        result.cause = Cause::kLaunch;
        result.exit_status = kCannotExecute;
        result.error = error.what();
    }
    if (result.cause == Cause::kLaunch) {
        co_return result;
    }
    const Cleanup cleanup(std::move(files), cleanup_);
    co_return co_await inner_->run(std::move(job), output);
}

}  // namespace aiomisc::cli
