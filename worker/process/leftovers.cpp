// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/leftovers.h>

#include <aiomisc/worker/process/descendants.h>

#include <utility>

namespace aiomisc::process {

namespace {

using namespace std::chrono_literals;

constexpr auto kKillBound = 500ms;  // for processes to be gone after SIGKILL

}  // namespace

Leftovers::Leftovers(const ChildTable& children, UniqueFunction<void(std::string)> warn)
    : children_(children), warn_(std::move(warn)) {}

void Leftovers::kill() {
    const auto count =
        kill_unknown_children([this](pid_t pid) { return children_.find_pid(pid) != nullptr; });
    if (!count) {
        if (!std::exchange(blind_, true)) {
            warn_(
                "/proc does not show the children of processes: what tasks leave behind "
                "runs on until the pool ends");
        }
    } else if (*count == 0) {
        due_.reset();
    } else if (!due_) {
        due_ = Clock::now() + kKillBound;
    }
}

void Leftovers::check() {
    if (!due_ || Clock::now() < *due_) {
        return;
    }
    due_.reset();
    std::vector<pid_t> survivors = own_children().value_or(std::vector<pid_t>());
    std::erase_if(survivors, [this](pid_t pid) { return children_.find_pid(pid) != nullptr; });
    if (!survivors.empty()) {
        warn_(describe_survivors(survivors));
    }
}

std::string describe_survivors(const std::vector<pid_t>& pids) {
    std::string text = "processes survive SIGKILL:";
    for (const pid_t pid : pids) {
        text += ' ' + std::to_string(pid);
    }
    return text;
}

}  // namespace aiomisc::process
