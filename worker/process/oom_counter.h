// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace aiomisc::process {

/// Whether the kernel killed processes because memory ran out: in the control group of this
/// process or, where that does not count, on the machine.
///
/// It tells how many, not which: what dies of SIGKILL while the count grows is suspected.
///
/// Affinity:  one thread.
class OomCounter {
public:
    using Clock = std::chrono::steady_clock;

    /// How long a kill that was noticed may explain a death.
    static constexpr std::chrono::seconds kFresh{1};

    explicit OomCounter(
        const std::filesystem::path& proc = "/proc",
        const std::filesystem::path& control_groups = "/sys/fs/cgroup");

    /// Takes one of the kills since the last call, to explain a death of SIGKILL. False if there is
    /// none, or the system does not tell.
    bool explains_death(Clock::time_point now = Clock::now());

private:
    [[nodiscard]] std::optional<std::uint64_t> read() const;

    std::filesystem::path file_;  ///< empty: nobody counts
    std::uint64_t last_ = 0;
    std::uint64_t unexplained_ = 0;
    Clock::time_point noticed_;
};

}  // namespace aiomisc::process
