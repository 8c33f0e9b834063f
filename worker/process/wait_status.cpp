// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/wait_status.h>

#include <cstring>

#include <fmt/format.h>

#include <sys/wait.h>

namespace aiomisc::process {

std::string describe_wait_status(int wait_status) {
    if (WIFSIGNALED(wait_status)) {
        const char* name = ::sigabbrev_np(WTERMSIG(wait_status));
        return name == nullptr ? fmt::format("killed by signal {}", WTERMSIG(wait_status))
                               : fmt::format("killed by SIG{}", name);
    }
    return fmt::format("exited with status {}", WEXITSTATUS(wait_status));
}

}  // namespace aiomisc::process
