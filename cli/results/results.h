// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/results/kept_output.h>
#include <aiomisc/cli/template/placeholder_set.h>

#include <memory>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// What --results and --files keep of a run: files of each job, or a table of all.
///
///     auto kept = results.keep();                          for each job
///     kept.write(…);  kept.clear() before another attempt
///     const std::string file = results.commit(input, job, result, kept);
///
/// Nothing of a job can be seen before commit(), and everything after it.
///
/// Affinity:  loop.
class Results {
public:
    Results() = default;
    Results(const Results&) = delete;
    Results& operator=(const Results&) = delete;
    virtual ~Results() = default;

    /// What the options ask for, or null. `item_names` are those of the columns of the input, if
    /// they have any; `run_id` is in the names of files that nobody named.
    ///
    /// Errors:    UsageError; SystemError, Error (nothing can be kept there).
    static std::unique_ptr<Results> open(
        const Options& options,
        const PlaceholderSet& placeholders,
        std::vector<std::string> item_names,
        const std::string& run_id);

    /// The run starts, which nothing refuses any more: what an earlier one left may go.
    /// Errors: SystemError.
    virtual void start() {}

    /// The next job starts; in the order of their numbers. Errors: SystemError, Error.
    virtual void begin(const JobInput&) {}

    [[nodiscard]] virtual KeptOutput keep() const = 0;

    /// Makes what a job printed part of the results. Returns the name of the file with its stdout;
    /// empty if it has none of its own.
    ///
    /// Errors:    SystemError (the disk is full: the job is not to be recorded as done).
    virtual std::string commit(
        const JobInput& input, const JobSpec& job, const JobResult& result, KeptOutput& kept) = 0;
};

}  // namespace aiomisc::cli
