// SPDX-License-Identifier: MIT
#include <aiomisc/cli/output/spill_file.h>

#include <aiomisc/runtime/base/error.h>

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

constexpr const char* kOperation = "output is incomplete: cannot write to";

}  // namespace

std::string SpillFile::default_directory() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
    const char* const directory = std::getenv("TMPDIR");
    return directory != nullptr && *directory != '\0' ? directory : "/tmp";
}

void SpillFile::open() {
    fd_ = UniqueFd(::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!fd_ && (errno == EOPNOTSUPP || errno == EISDIR)) {
        std::string name = directory_ + "/aiomisc-run-XXXXXX";
        fd_ = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
        if (fd_) {
            ::unlink(name.c_str());
        }
    }
    if (!fd_) {
        throw SystemError::from_errno(kOperation, directory_);
    }
}

SpillFile::Extent SpillFile::append(std::string_view bytes) {
    if (!fd_) {
        open();
    }
    const Extent extent{.offset = end_, .size = bytes.size()};
    while (!bytes.empty()) {
        const ssize_t count =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(end_));
        if (count < 0 && errno != EINTR) {
            throw SystemError::from_errno(kOperation, directory_);
        }
        const auto written = static_cast<std::size_t>(count < 0 ? 0 : count);
        bytes.remove_prefix(written);
        end_ += written;
    }
    live_ += extent.size;
    return extent;
}

void SpillFile::read(std::uint64_t offset, char* buffer, std::size_t size) const {
    while (size > 0) {
        const ssize_t count = ::pread(fd_.get(), buffer, size, static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            throw SystemError::from_code(
                count == 0 ? EIO : errno, "read stored output in", directory_);
        }
        buffer += count;
        offset += static_cast<std::uint64_t>(count);
        size -= static_cast<std::size_t>(count);
    }
}

void SpillFile::release(const Extent& extent) noexcept {
    live_ -= extent.size;
    if (live_ == 0) {
        end_ = 0;
        static_cast<void>(
            ::ftruncate(fd_.get(), 0) == 0);  // the space comes back at the end if not now
        return;
    }
    // Not every file system can; then the space comes back when everything was printed.
    ::fallocate(
        fd_.get(),
        FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
        static_cast<off_t>(extent.offset),
        static_cast<off_t>(extent.size));
}

}  // namespace aiomisc::cli
