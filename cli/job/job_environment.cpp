// SPDX-License-Identifier: MIT
#include <aiomisc/cli/job/job_environment.h>

#include <aiomisc/runtime/base/error.h>

#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include <sys/random.h>
#include <unistd.h>

namespace aiomisc::cli {

std::vector<EnvironmentVariable> job_environment(const JobSpec& job, const std::string& run_id) {
    const std::string seq = std::to_string(job.seq);
    const std::string slot = std::to_string(job.slot);
    const std::string pid = std::to_string(::getpid());
    return {
        {"AIOMISC_SEQ", seq},
        {"AIOMISC_SLOT", slot},
        {"AIOMISC_ATTEMPT", std::to_string(job.attempt)},
        {"AIOMISC_RUN_PID", pid},
        {"AIOMISC_RUN_ID", run_id},
        {"PARALLEL_SEQ", seq},
        {"PARALLEL_JOBSLOT", slot},
        {"PARALLEL_PID", pid}};
}

std::vector<std::string> inherited_environment(const EnvironmentRule& rule) {
    std::vector<std::string> names{"PATH", "HOME", "LANG", "TMPDIR"};
    names.insert(names.end(), rule.kept.begin(), rule.kept.end());
    std::vector<std::string> environment;
    for (const std::string& name : names) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
        if (const char* value = std::getenv(name.c_str())) {
            environment.push_back(fmt::format("{}={}", name, value));
        }
    }
    return environment;
}

std::string make_run_id() {
    std::array<unsigned char, 8> random{};
    if (::getentropy(random.data(), random.size()) != 0) {
        throw SystemError::from_errno("getentropy");
    }
    std::string id;
    for (const unsigned char byte : random) {
        id += fmt::format("{:02x}", byte);
    }
    return id;
}

}  // namespace aiomisc::cli
