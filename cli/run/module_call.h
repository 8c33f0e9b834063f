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
    std::uint32_t place = 1;  ///< on the JobBoard
    std::uint32_t slot = 1;   ///< 0: the number of the worker
    std::uint32_t attempt = 1;
    std::vector<std::pair<std::string, std::string>> environment;
    std::string working_directory;  ///< empty: that of the worker
};

struct ModuleCallResult {
    int status = 0;
    bool started = true;   ///< false: `error` tells why not
    bool stopped = false;  ///< it was asked to stop before it ended
    std::string error;     ///< of what the job threw, then the status is 1
    std::chrono::microseconds user{0};
    std::chrono::microseconds system{0};
    std::uint64_t max_rss_kib = 0;
    std::chrono::microseconds runtime{0};
};

struct ModuleSetup {
    std::string file;
    std::string board;  ///< path of the run's JobBoard
    bool clean_environment = false;
    std::vector<std::string> environment;  ///< then all that is left: NAME=value
};

/// Once in the supervisor: loads the module, and runs its init().
void load_job_module(const ModuleSetup& setup);

/// In a worker: runs the job of the module that load_job_module() loaded.
ModuleCallResult run_job_call(const ModuleCallRequest& request);

}  // namespace aiomisc::cli
