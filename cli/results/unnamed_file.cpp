// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/unnamed_file.h>

#include <aiomisc/runtime/base/error.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

/// A name that nobody has.
std::string fresh_name() {
    std::uint64_t random = 0;
    if (::getentropy(&random, sizeof random) != 0) {
        throw SystemError::from_errno("getentropy");
    }
    return fmt::format(".aiomisc-run-{:016x}", random);
}

}  // namespace

UnnamedFile::UnnamedFile(int directory, std::string where, mode_t mode)
    : directory_(directory), where_(std::move(where)) {
    fd_ = UniqueFd(::openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
    if (!fd_ && (errno == EOPNOTSUPP || errno == EISDIR)) {
        name_ = fresh_name();
        fd_ = UniqueFd(
            ::openat(directory, name_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode));
    }
    if (!fd_) {
        fail("make a file for results in");
    }
}

UnnamedFile::UnnamedFile(UnnamedFile&& other) noexcept
    : directory_(other.directory_),
      where_(std::move(other.where_)),
      fd_(std::move(other.fd_)),
      name_(std::exchange(other.name_, {})),
      size_(other.size_) {}

UnnamedFile::~UnnamedFile() {
    if (!name_.empty()) {
        ::unlinkat(directory_, name_.c_str(), 0);
    }
}

void UnnamedFile::fail(const char* operation) const {
    throw SystemError::from_errno(operation, where_);
}

void UnnamedFile::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
        if (count < 0 && errno != EINTR) {
            fail("output is incomplete: cannot write to");
        }
        const auto written = static_cast<std::size_t>(count < 0 ? 0 : count);
        bytes.remove_prefix(written);
        size_ += written;
    }
}

void UnnamedFile::clear() {
    if (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) != 0) {
        fail("empty a file for results in");
    }
    size_ = 0;
}

std::size_t UnnamedFile::read(std::uint64_t offset, char* buffer, std::size_t size) const {
    while (true) {
        const ssize_t count = ::pread(fd_.get(), buffer, size, static_cast<off_t>(offset));
        if (count > 0) {
            return static_cast<std::size_t>(count);
        }
        if (count == 0) {
            throw SystemError::from_code(EIO, "read kept output in", where_);
        }
        if (errno != EINTR) {
            fail("read kept output in");
        }
    }
}

std::optional<timespec> UnnamedFile::set_modified(timespec time) {
    const std::array<timespec, 2> times{{{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, time}};
    struct stat status{};
    if (::futimens(fd_.get(), times.data()) != 0 || ::fstat(fd_.get(), &status) != 0) {
        return std::nullopt;
    }
    return status.st_mtim;
}

bool UnnamedFile::link_as(int directory, const std::string& name) const {
    if (!name_.empty()) {
        return ::renameat(directory_, name_.c_str(), directory, name.c_str()) == 0;
    }
    const std::string self = fmt::format("/proc/self/fd/{}", fd_.get());
    return ::linkat(AT_FDCWD, self.c_str(), directory, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

void UnnamedFile::link(int directory, const std::string& name) {
    if (!link_as(directory, name)) {
        if (errno != EEXIST) {
            fail("name a file for results in");
        }
        // A link takes no other's place; a rename does.
        const std::string fresh = fresh_name();
        if (!link_as(directory, fresh) ||
            ::renameat(directory, fresh.c_str(), directory, name.c_str()) != 0) {
            const int error = errno;
            ::unlinkat(directory, fresh.c_str(), 0);
            throw SystemError::from_code(error, "replace a file for results in", where_);
        }
    }
    name_.clear();
}

}  // namespace aiomisc::cli
