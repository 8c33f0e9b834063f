// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/executor.h>
#include <aiomisc/cli/log/job_log.h>
#include <aiomisc/cli/output/output_assembler.h>
#include <aiomisc/cli/results/results.h>

#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>

namespace aiomisc::cli {

/// What becomes of one job outside of it: its output on its way to the reader and to where it is
/// kept, and the record of its end.
///
/// The order at the end of a job: its results are complete, then it is recorded as done. So a run
/// that dies in between repeats a job, and never takes one for done that is not.
class JobRecord final : public OutputTaker {
public:
    struct Places {
        OutputAssembler& output;
        Results* results;       ///< may be null
        JobLog* log;            ///< may be null
        bool print_file_names;  ///< instead of what the job writes to stdout
        std::function<void(std::exception_ptr)> on_failure;
    };

    /// Errors: those of Results::begin().
    JobRecord(Places places, JobInput input);

    /// The first failure is told to on_failure() as well: a job that prints on and on must not run
    /// on when nothing of it can be kept.
    void take(OutputStream stream, std::string_view bytes) override;

    /// An attempt has ended, and will be the last one if `final`. Completes `result` with how much
    /// the attempt has printed.
    ///
    /// Errors: SystemError (results or log cannot be written: the run must stop).
    void attempt_ended(const JobSpec& job, JobResult& result, bool final);

private:
    void keep(const JobSpec& job, const JobResult& result);
    void prepare_next_attempt(std::uint64_t seq);

    Places places_;
    JobInput input_;
    std::optional<KeptOutput> kept_;
    std::array<std::uint64_t, 2> written_{};
    bool failed_ = false;
};

}  // namespace aiomisc::cli
