// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/oom_counter.h>

#include <aiomisc/worker/process/control_groups.h>

#include <fstream>
#include <string>

namespace aiomisc::process {

namespace {

namespace fs = std::filesystem;

/// The number behind the name `oom_kill`; there are names that begin with it.
std::optional<std::uint64_t> kills_in(const fs::path& file) {
    std::ifstream words(file);
    std::string name;
    std::uint64_t count = 0;
    while (words >> name >> count) {
        if (name == "oom_kill") {
            return count;
        }
    }
    return std::nullopt;
}

fs::path counting_file(const fs::path& proc, const fs::path& root) {
    for (const ControlGroup& group : control_groups(proc / "self/cgroup", root, "memory")) {
        fs::path file = group.directory / (group.unified ? "memory.events" : "memory.oom_control");
        if (kills_in(file)) {
            return file;
        }
    }
    return kills_in(proc / "vmstat") ? proc / "vmstat" : fs::path();
}

}  // namespace

OomCounter::OomCounter(const fs::path& proc, const fs::path& root)
    : file_(counting_file(proc, root)), last_(read().value_or(0)) {}

std::optional<std::uint64_t> OomCounter::read() const {
    return file_.empty() ? std::nullopt : kills_in(file_);
}

bool OomCounter::explains_death(Clock::time_point now) {
    const std::uint64_t count = read().value_or(last_);
    if (now - noticed_ > kFresh) {
        unexplained_ = 0;
    }
    if (count > last_) {
        unexplained_ += count - last_;
        noticed_ = now;
    }
    last_ = count;
    if (unexplained_ == 0) {
        return false;
    }
    --unexplained_;
    return true;
}

}  // namespace aiomisc::process
