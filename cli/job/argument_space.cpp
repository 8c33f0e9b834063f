// SPDX-License-Identifier: MIT
#include <aiomisc/cli/job/argument_space.h>

#include <algorithm>
#include <cstring>
#include <string>

#include <unistd.h>

namespace aiomisc::cli {
namespace {

constexpr std::size_t kLeftFree = 8192;

/// Linux allows no more than this, whatever the limit of the stack says (_STK_LIM / 4 * 3).
constexpr std::size_t kMost = std::size_t{6} << 20;

std::size_t bytes_of(std::size_t length) {
    return length + 1 + sizeof(char*);
}

/// Of one argument: MAX_ARG_STRLEN, with its zero byte.
std::size_t longest_argument() {
    return 32 * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) - 1;
}

}  // namespace

std::size_t argument_space() {
    const auto limit = static_cast<std::size_t>(std::max(::sysconf(_SC_ARG_MAX), 0L));
    std::size_t used = kLeftFree;
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        used += bytes_of(std::strlen(*variable));
    }
    const std::size_t most = std::min(limit, kMost);
    return most > used ? most - used : 0;
}

bool fits_into(const JobSpec& job, std::size_t space) {
    std::size_t bytes = 0;
    if (const auto* call = std::get_if<ModuleCall>(&job.work)) {
        for (const JobArgument& argument : call->arguments) {
            bytes += bytes_of(argument.text.size());
        }
        return bytes <= space;
    }
    std::size_t longest = 0;
    for (const std::string& argument : std::get<Command>(job.work).argv) {
        bytes += bytes_of(argument.size());
        longest = std::max(longest, argument.size());
    }
    return bytes <= space && longest <= longest_argument();
}

}  // namespace aiomisc::cli
