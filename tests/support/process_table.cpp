// SPDX-License-Identifier: MIT
#include "support/process_table.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include <unistd.h>

namespace aiomisc::test {

namespace {

namespace fs = std::filesystem;

/// A file of /proc, whole; empty when the process is gone or not ours to look at.
std::string read_file(const fs::path& path) {
    const std::ifstream file(path, std::ios::binary);
    // Reading fails where the process ends meanwhile; an iterator over the file would throw then.
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

bool is_running(pid_t pid) {
    // "pid (name) state …": the name may hold anything, so look behind its last parenthesis.
    const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t end_of_name = stat.rfind(')');
    return end_of_name != std::string::npos && end_of_name + 2 < stat.size() &&
           stat[end_of_name + 2] != 'Z' && stat[end_of_name + 2] != 'X';
}

std::vector<pid_t> pids_with_environ_token(const std::string& token) {
    std::vector<pid_t> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc() || end != name.data() + name.size() || pid == ::getpid()) {
            continue;
        }
        if (read_file(entry.path() / "environ").find(token) != std::string::npos &&
            is_running(pid)) {
            found.push_back(pid);
        }
    }
    return found;
}

}  // namespace aiomisc::test
