// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/results/unnamed_file.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

#include <sys/types.h>

namespace aiomisc::cli {

/// The files that hold the number of a job.
///
/// All that one run makes bear the same time of modification, that of its beginning, which tells
/// them from those of an earlier run; so what millions of jobs have taken is known without memory.
class SeqFiles {
public:
    /// `probe` is a new file where they will be, which shows how times are kept there.
    explicit SeqFiles(UnnamedFile& probe);

    /// Fills a new file and gives it its name. Errors: SystemError.
    void link(UnnamedFile file, std::uint64_t seq, int directory, const std::string& name) const;

    /// The job of this run that has that name; none if there is no such file, or of another run.
    [[nodiscard]] std::optional<std::uint64_t> job_of(int directory, const std::string& name) const;

private:
    std::optional<timespec> begin_;  ///< none: the file system keeps no times
};

}  // namespace aiomisc::cli
