// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// What travels to a worker for one job of a module, and what runs there.
namespace aiomisc::cli {

struct ModuleCallRequest {
    std::vector<std::pair<std::uint64_t, std::string>> arguments;  ///< index of the parameter, text
    std::uint64_t sequence = 0;
    std::uint32_t slot = 1;
    std::uint32_t attempt = 1;
    std::vector<std::pair<std::string, std::string>> environment;
};

struct ModuleCallResult {
    int status = 0;
    std::string error;  ///< of what the job threw, then the status is 1
    std::chrono::microseconds user{0};
    std::chrono::microseconds system{0};
    std::uint64_t max_rss_kib = 0;
};

/// Once in the supervisor: loads the module, and runs its init(). `board` is the path of the run's
/// JobBoard.
void load_job_module(const std::string& file, const std::string& board);

/// In a worker: runs the job of the module that load_job_module() loaded.
ModuleCallResult run_job_call(const ModuleCallRequest& request);

}  // namespace aiomisc::cli
