// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/job_files_executor.h>

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/job/job_files.h>
#include <aiomisc/runtime/base/error.h>

#include <chrono>
#include <utility>

namespace aiomisc::cli {

namespace {

/// Takes the files away that it made, however the job ends.
class Cleanup {
public:
    Cleanup(std::vector<std::string> paths, bool wanted)
        : paths_(std::move(paths)), wanted_(wanted) {}

    Cleanup(const Cleanup&) = delete;
    Cleanup& operator=(const Cleanup&) = delete;

    ~Cleanup() {
        if (wanted_) {
            remove_job_files(paths_);
        }
    }

private:
    std::vector<std::string> paths_;
    bool wanted_;
};

}  // namespace

JobFilesExecutor::JobFilesExecutor(std::unique_ptr<Executor> inner, bool cleanup)
    : inner_(std::move(inner)), cleanup_(cleanup) {}

Task<JobResult> JobFilesExecutor::run(JobSpec job, JobOutput output) {
    const std::vector<JobFile> files = std::exchange(job.files, {});
    std::vector<std::string> created;
    JobResult result;
    result.started = std::chrono::system_clock::now();
    try {
        created = write_job_files(files);
    } catch (const SystemError& error) {
        result.cause = Cause::kLaunch;
        result.exit_status = kCannotExecute;
        result.error = error.what();
    }
    if (result.cause == Cause::kLaunch) {
        co_return result;
    }
    const Cleanup cleanup(std::move(created), cleanup_);
    co_return co_await inner_->run(std::move(job), output);
}

}  // namespace aiomisc::cli
