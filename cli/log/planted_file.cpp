// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/planted_file.h>

#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace aiomisc::cli {

bool is_planted(const std::string& path, const struct stat& file) {
    std::error_code error;
    const auto parent = std::filesystem::absolute(path, error).parent_path();
    struct stat directory{};
    constexpr mode_t kShared = S_ISVTX | S_IWOTH;
    return file.st_uid != ::geteuid() && ::stat(parent.c_str(), &directory) == 0 &&
           (directory.st_mode & kShared) == kShared;
}

}  // namespace aiomisc::cli
