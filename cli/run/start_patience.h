// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>

namespace aiomisc::cli {

/// How long a job that cannot be started for lack of processes, descriptors or memory is tried
/// again. Others give these back when they end: as long as some of ours run, it waits for that;
/// else a number of times, some seconds in all.
class StartPatience {
public:
    static constexpr unsigned kTries = 12;

    /// The pause before the next try; none: give up. `others_run` tells whether other jobs of ours
    /// run.
    std::optional<std::chrono::milliseconds> pause_after(int error, bool others_run) noexcept;

    /// Whether an error of this kind passes.
    static bool is_scarcity(int error) noexcept;

private:
    std::chrono::milliseconds pause_{25};
    unsigned tries_ = 0;
};

}  // namespace aiomisc::cli
