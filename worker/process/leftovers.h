// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/worker/process/child_table.h>

#include <chrono>
#include <optional>
#include <string>

namespace aiomisc::process {

/// Kills what dead children of a supervisor left behind: its children that the table does not know,
/// see descendants.h. Asked whenever a child has ended, because then more of them may have come up.
class Leftovers {
public:
    using Clock = std::chrono::steady_clock;

    /// `warn` is told, once each, of what cannot be found and what cannot be killed.
    Leftovers(const ChildTable& children, UniqueFunction<void(std::string)> warn);

    void kill();

    /// When check() wants to be called.
    [[nodiscard]] std::optional<Clock::time_point> due() const noexcept { return due_; }

    /// Warns of those that are still there when they should be gone.
    void check();

    /// Whether /proc lists no children: then none of this works.
    [[nodiscard]] bool blind() const noexcept { return blind_; }

private:
    const ChildTable& children_;
    UniqueFunction<void(std::string)> warn_;
    std::optional<Clock::time_point> due_;
    bool blind_ = false;
};

/// The text that says that these processes survive SIGKILL.
std::string describe_survivors(const std::vector<pid_t>& pids);

}  // namespace aiomisc::process
