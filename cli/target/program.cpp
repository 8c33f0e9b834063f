// SPDX-License-Identifier: MIT
#include <aiomisc/cli/target/program.h>

#include <algorithm>
#include <cstdlib>

#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

// What execvp() uses where PATH is not set.
constexpr const char* kDefaultPath = "/bin:/usr/bin";

}  // namespace

bool is_regular_file(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool is_executable_file(const std::string& path) {
    return is_regular_file(path) && ::access(path.c_str(), X_OK) == 0;
}

bool is_cxx_source(const std::string& path) {
    return (path.ends_with(".cpp") || path.ends_with(".cc") || path.ends_with(".cxx")) &&
           is_regular_file(path);
}

std::optional<std::string> find_program(const std::string& name, std::string_view path) {
    if (name.find('/') != std::string::npos) {
        return is_executable_file(name) ? std::optional(name) : std::nullopt;
    }
    while (!name.empty() && !path.empty()) {
        const std::string_view directory = path.substr(0, path.find(':'));
        path.remove_prefix(std::min(directory.size() + 1, path.size()));
        std::string candidate = std::string(directory) + "/" + name;
        if (directory.starts_with('/') && is_executable_file(candidate)) {
            return candidate;
        }
    }
    return std::nullopt;
}

std::optional<std::string> find_program(const std::string& name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
    const char* const path = std::getenv("PATH");
    return find_program(name, path != nullptr ? path : kDefaultPath);
}

}  // namespace aiomisc::cli
