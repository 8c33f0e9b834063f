// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/log_file.h>

#include <aiomisc/cli/log/planted_file.h>
#include <aiomisc/runtime/base/error.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

// Who holds the flock on a file, from /proc/locks; empty if the kernel does not tell.
//
//     1: FLOCK  ADVISORY  WRITE 4711 fe:01:1234 0 EOF
std::string lock_holder(const struct stat& file) {
    const std::string wanted = fmt::format(
        "{:02x}:{:02x}:{}", gnu_dev_major(file.st_dev), gnu_dev_minor(file.st_dev), file.st_ino);
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        std::istringstream fields(line);
        std::string number;
        std::string kind;
        std::string strength;
        std::string access;
        std::string pid;
        std::string inode;
        fields >> number >> kind >> strength >> access >> pid >> inode;
        if (kind == "FLOCK" && inode == wanted) {
            return pid;
        }
    }
    return {};
}

}  // namespace

LogFile::LogFile(std::string path, bool append) : path_(std::move(path)) {
    fd_ =
        UniqueFd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666));
    struct stat status{};
    if (!fd_ || ::fstat(fd_.get(), &status) != 0) {
        throw SystemError::from_errno("open job log", path_);
    }
    regular_ = S_ISREG(status.st_mode);
    if (!regular_) {
        return;  // a pipe or a terminal: nothing to lock, nothing there before
    }
    if (is_planted(path_, status)) {
        throw Error("refusing to write the job log " + path_ + ": it belongs to another user");
    }
    lock();
    if (!append && ::ftruncate(fd_.get(), 0) != 0) {
        throw SystemError::from_errno("empty job log", path_);
    }
    if (::fstat(fd_.get(), &status) != 0) {
        throw SystemError::from_errno("stat", path_);
    }
    started_empty_ = status.st_size == 0;
    if (!started_empty_) {
        end_torn_line(static_cast<std::uint64_t>(status.st_size));
    }
}

void LogFile::lock() {
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) {
        return;
    }
    if (errno != EWOULDBLOCK) {
        throw SystemError::from_errno("lock job log", path_);
    }
    struct stat status{};
    const std::string pid = ::fstat(fd_.get(), &status) == 0 ? lock_holder(status) : "";
    throw Error(
        "the job log " + path_ + " is in use by another aiomisc-run" +
        (pid.empty() ? "" : ", pid " + pid));
}

void LogFile::end_torn_line(std::uint64_t size) {
    // Our own descriptor only writes; the path could be another file by now, /proc's cannot.
    const std::string self = "/proc/self/fd/" + std::to_string(fd_.get());
    const UniqueFd reader(::open(self.c_str(), O_RDONLY | O_CLOEXEC));
    char last = '\n';
    if (!reader || ::pread(reader.get(), &last, 1, static_cast<off_t>(size - 1)) < 0) {
        throw SystemError::from_errno("read job log", path_);
    }
    if (last != '\n') {
        append("\n");
    }
}

void LogFile::append(std::string_view record) {
    struct stat before{};
    ssize_t count = -1;
    if (::fstat(fd_.get(), &before) == 0) {
        do {
            count = ::write(fd_.get(), record.data(), record.size());
        } while (count < 0 && errno == EINTR);
    }
    if (count == static_cast<ssize_t>(record.size())) {
        dirty_ = true;
        return;
    }
    const int error = count < 0 ? errno : ENOSPC;
    if (count > 0 && regular_) {
        // If this fails, too, the next run ends the torn line.
        static_cast<void>(::ftruncate(fd_.get(), before.st_size) == 0);
    }
    throw SystemError::from_code(error, "write job log", path_);
}

void LogFile::sync() {
    if (std::exchange(dirty_, false) && regular_ && ::fdatasync(fd_.get()) != 0) {
        throw SystemError::from_errno("sync job log", path_);
    }
}

}  // namespace aiomisc::cli
