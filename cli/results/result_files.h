// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/results/confined_directory.h>
#include <aiomisc/cli/results/result_layout.h>
#include <aiomisc/cli/results/results.h>
#include <aiomisc/cli/results/seq_files.h>

#include <string>
#include <utility>

#include <sys/types.h>

namespace aiomisc::cli {

/// Files of each job, where a layout puts them.
class ResultFiles final : public Results {
public:
    /// Errors: SystemError (the root cannot be made, or not be written to).
    ResultFiles(ResultLayout layout, mode_t mode);

    [[nodiscard]] KeptOutput keep() const override { return {root_.fd(), root_.path(), mode_}; }

    /// The file with the number of the job comes last: where it is, the others are.
    ///
    /// Errors: also Error (another job of this run has the place; see ResultPlace::distinct).
    std::string commit(
        const JobInput& input,
        const JobSpec& job,
        const JobResult& result,
        KeptOutput& kept) override;

private:
    [[nodiscard]] SeqFiles probe() const;
    void check_free(const ResultPlace& place, int directory, std::uint64_t seq) const;

    ResultLayout layout_;
    ConfinedDirectory root_;
    mode_t mode_;
    SeqFiles seq_files_;
};

}  // namespace aiomisc::cli
