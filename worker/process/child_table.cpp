// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/child_table.h>

#include <aiomisc/runtime/base/check.h>

#include <utility>

namespace aiomisc::process {

void ChildTable::add(Child child) {
    const pid_t pid = child.pid;
    if (child.kind != ChildKind::kHelper) {
        AIOMISC_CHECK(by_key_.emplace(child.key, pid).second, "two children with one key");
    }
    AIOMISC_CHECK(
        by_pid_.emplace(pid, std::move(child)).second, "two children with one process id");
}

const Child* ChildTable::find(ChildKey key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : find_pid(found->second);
}

const Child* ChildTable::find_pid(pid_t pid) const {
    const auto found = by_pid_.find(pid);
    return found == by_pid_.end() ? nullptr : &found->second;
}

Child ChildTable::remove(pid_t pid) {
    auto node = by_pid_.extract(pid);
    AIOMISC_CHECK(!node.empty(), "not a child of the table");
    if (node.mapped().kind != ChildKind::kHelper) {
        by_key_.erase(node.mapped().key);
    }
    return std::move(node.mapped());
}

std::vector<pid_t> ChildTable::pids() const {
    std::vector<pid_t> pids;
    pids.reserve(by_pid_.size());
    for (const auto& [pid, child] : by_pid_) {
        pids.push_back(pid);
    }
    return pids;
}

}  // namespace aiomisc::process
