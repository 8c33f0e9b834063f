// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/process/control_messages.h>
#include <aiomisc/worker/process/launch_report.h>

#include <cstddef>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

namespace aiomisc::process {

enum class ChildKind : std::uint8_t {
    kWorker,
    kCommand,
    kHelper,  ///< started by the initializer; has no key, and is nobody's leftover
};

/// A child of the supervisor that has not been reaped.
struct Child {
    ChildKind kind = ChildKind::kWorker;
    ChildKey key;
    pid_t pid = 0;
    bool leads_group = false;
    std::unique_ptr<LaunchReport> launch;  ///< of a command
};

/// The children that the supervisor knows, by key and by process id.
///
/// A child stands in it from the fork until it is reaped, and so the kernel cannot give its process
/// id to another process: a signal to a child found here reaches that child or a zombie.
class ChildTable {
public:
    /// The key and the process id must be free.
    void add(Child child);

    /// The child with this key, or null.
    [[nodiscard]] const Child* find(ChildKey key) const;

    [[nodiscard]] const Child* find_pid(pid_t pid) const;

    /// Takes out a child that has been reaped.
    Child remove(pid_t pid);

    /// Those that somebody asked for: workers and commands.
    [[nodiscard]] std::size_t requested() const noexcept { return by_key_.size(); }

    [[nodiscard]] std::vector<pid_t> pids() const;

private:
    std::unordered_map<pid_t, Child> by_pid_;
    std::map<ChildKey, pid_t> by_key_;
};

}  // namespace aiomisc::process
