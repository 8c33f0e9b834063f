// SPDX-License-Identifier: MIT
#include <aiomisc/cli/target/module_file.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

struct stat status_of(const UniqueFd& fd, const std::string& path) {
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        throw SystemError::from_errno("open", path);
    }
    return status;
}

// A user's own module may be writable by the user's own group, as files are under umask 002.
void check_not_open_to_all(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    const struct stat status = status_of(fd, path);
    const bool by_others = (status.st_mode & S_IWOTH) != 0;
    const bool by_strange_group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != ::getegid();
    if (by_others || by_strange_group) {
        throw Error("refusing to load " + path + ": others can write it; run chmod go-w on it");
    }
}

}  // namespace

ModuleNote check_module(const std::string& path) {
    ModuleNote note = read_module_note(path);
    check_not_open_to_all(path);
    return note;
}

void check_private_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    const struct stat status = status_of(fd, path);
    if (!S_ISREG(status.st_mode)) {
        throw Error("refusing to load " + path + ": not a regular file");
    }
    if (status.st_uid != ::geteuid() && status.st_uid != 0) {
        throw Error("refusing to load " + path + ": it belongs to another user");
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        throw Error("refusing to load " + path + ": others can write it");
    }
}

}  // namespace aiomisc::cli
