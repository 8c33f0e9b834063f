// SPDX-License-Identifier: MIT
#include <aiomisc/cli/source_cache/private_directory.h>

#include <aiomisc/runtime/base/error.h>

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

void make_directories(const std::filesystem::path& path) {
    if (path.has_relative_path() && path.has_parent_path() && path.parent_path() != path) {
        make_directories(path.parent_path());
    }
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        throw SystemError::from_errno("create directory", path.string());
    }
}

}  // namespace

void make_private_directory(const std::filesystem::path& path) {
    make_directories(path);
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        throw SystemError::from_errno("open directory", path.string());
    }
    if (status.st_uid != ::geteuid()) {
        throw Error(
            "refusing to use " + path.string() +
            ": it belongs to another user; set XDG_CACHE_HOME to a directory of yours");
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        throw Error(
            "refusing to use " + path.string() + ": others can write it; run chmod go-w on it");
    }
}

UniqueFd lock_file(const std::filesystem::path& path, bool wait) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) {
        throw SystemError::from_errno("open", path.string());
    }
    while (::flock(fd.get(), LOCK_EX | (wait ? 0 : LOCK_NB)) != 0) {
        if (errno == EWOULDBLOCK) {
            return UniqueFd();
        }
        if (errno != EINTR) {
            throw SystemError::from_errno("lock", path.string());
        }
    }
    return fd;
}

}  // namespace aiomisc::cli
