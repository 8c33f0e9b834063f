// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>

#include <sys/resource.h>

namespace aiomisc::cli {

/// What this process uses from now on, the children that it waits for included.
///
/// Affinity:  any thread; of the process as a whole.
class UsageMeter {
public:
    UsageMeter();

    [[nodiscard]] ResourceUsage usage() const;

private:
    rusage own_{};
    rusage children_{};
};

}  // namespace aiomisc::cli
