// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/confined_directory.h>

#include <aiomisc/runtime/base/error.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace aiomisc::cli {
namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

}  // namespace

ConfinedDirectory::ConfinedDirectory(std::string path) : path_(std::move(path)) {
    std::error_code error;
    std::filesystem::create_directories(path_, error);
    fd_ = UniqueFd(::open(path_.c_str(), kDirectory));
    if (!fd_) {
        throw SystemError::from_code(
            error ? error.value() : errno, "open the folder for results", path_);
    }
}

UniqueFd ConfinedDirectory::open(const std::vector<std::string>& names) const {
    UniqueFd directory(::openat(fd_.get(), ".", kDirectory));
    if (!directory) {
        throw SystemError::from_errno("open the folder for results", path_);
    }
    std::vector<std::string> way;
    for (const std::string& name : names) {
        way.push_back(name);
        if (::mkdirat(directory.get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
            throw SystemError::from_errno("make a folder for results", path_of(way));
        }
        UniqueFd next(::openat(directory.get(), name.c_str(), kDirectory | O_NOFOLLOW));
        if (!next) {
            throw SystemError::from_errno(
                "open a folder for results (symbolic links are not followed)", path_of(way));
        }
        directory = std::move(next);
    }
    return directory;
}

std::string ConfinedDirectory::path_of(const std::vector<std::string>& names) const {
    std::string path = path_ == "." ? "" : path_;
    for (const std::string& name : names) {
        path += path.empty() || path.ends_with('/') ? "" : "/";
        path += name;
    }
    return path;
}

}  // namespace aiomisc::cli
