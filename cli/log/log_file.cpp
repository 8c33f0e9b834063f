// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/log_file.h>

#include <aiomisc/cli/log/planted_file.h>
#include <aiomisc/runtime/base/error.h>

#include <cerrno>
#include <fstream>
#include <mutex>
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

/// The file as its threads share it. The kernel tells only one of them that a write has failed.
struct LogFile::Disk {
    UniqueFd fd;
    std::mutex mutex;
    int error = 0;  // the first one

    void sync(const std::string& path) {
        const std::lock_guard lock(mutex);
        if (::fdatasync(fd.get()) != 0 && error == 0) {
            error = errno;
        }
        if (error != 0) {
            throw SystemError::from_code(error, "sync job log", path);
        }
    }
};

LogFile::LogFile(std::string path, bool append) : path_(std::move(path)) {
    disk_ = std::make_shared<Disk>();
    disk_->fd =
        UniqueFd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666));
    struct stat status{};
    if (!disk_->fd || ::fstat(disk_->fd.get(), &status) != 0) {
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
    if (::fstat(disk_->fd.get(), &status) != 0) {
        throw SystemError::from_errno("stat", path_);
    }
    to_be_emptied_ = !append && status.st_size > 0;
    started_empty_ = !append || status.st_size == 0;
    torn_ = !started_empty_ && !ends_in_line(static_cast<std::uint64_t>(status.st_size));
}

void LogFile::lock() {
    if (::flock(disk_->fd.get(), LOCK_EX | LOCK_NB) == 0) {
        return;
    }
    if (errno != EWOULDBLOCK) {
        throw SystemError::from_errno("lock job log", path_);
    }
    struct stat status{};
    const std::string pid = ::fstat(disk_->fd.get(), &status) == 0 ? lock_holder(status) : "";
    throw Error(
        "the job log " + path_ + " is in use by another aiomisc-run" +
        (pid.empty() ? "" : ", pid " + pid));
}

UniqueFd LogFile::open_for_reading() const {
    if (!regular_) {
        throw Error("the job log " + path_ + " cannot be read back: it is no regular file");
    }
    // Our own descriptor only writes; the path could be another file by now, /proc's cannot.
    UniqueFd reader(
        ::open(("/proc/self/fd/" + std::to_string(disk_->fd.get())).c_str(), O_RDONLY | O_CLOEXEC));
    if (!reader) {
        throw SystemError::from_errno("read job log", path_);
    }
    return reader;
}

bool LogFile::ends_in_line(std::uint64_t size) const {
    char last = '\n';
    if (::pread(open_for_reading().get(), &last, 1, static_cast<off_t>(size - 1)) < 0) {
        throw SystemError::from_errno("read job log", path_);
    }
    return last == '\n';
}

void LogFile::empty() {
    if (::ftruncate(disk_->fd.get(), 0) != 0) {
        throw SystemError::from_errno("empty job log", path_);
    }
    to_be_emptied_ = false;
}

void LogFile::append(std::string_view record) {
    if (to_be_emptied_) {
        empty();
    }
    const std::string mended = torn_ ? "\n\n" + std::string(record) : std::string();
    const std::string_view bytes = torn_ ? mended : record;
    struct stat before{};
    ssize_t count = -1;
    if (::fstat(disk_->fd.get(), &before) == 0) {
        do {
            count = ::write(disk_->fd.get(), bytes.data(), bytes.size());
        } while (count < 0 && errno == EINTR);
    }
    if (count == static_cast<ssize_t>(bytes.size())) {
        torn_ = false;
        dirty_ = written_ = true;
        return;
    }
    const int error = count < 0 ? errno : ENOSPC;
    if (count > 0 && regular_) {
        // If this fails, too, the next run ends the torn line.
        static_cast<void>(::ftruncate(disk_->fd.get(), before.st_size) == 0);
    }
    throw SystemError::from_code(error, "write job log", path_);
}

void LogFile::sync() {
    // Not only what is due: a sync that another thread has begun may not have ended.
    if (written_ && regular_) {
        dirty_ = false;
        disk_->sync(path_);
    }
}

std::function<void()> LogFile::take_sync() {
    if (!std::exchange(dirty_, false) || !regular_) {
        return {};
    }
    return [disk = disk_, path = path_] { disk->sync(path); };
}

}  // namespace aiomisc::cli
