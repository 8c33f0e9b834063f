// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/table_file.h>

#include <aiomisc/cli/log/planted_file.h>
#include <aiomisc/runtime/base/error.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

constexpr std::size_t kChunk = 65536;

}  // namespace

TableFile::TableFile(std::string path, RowEnd row_end, bool add) : path_(std::move(path)) {
    std::error_code no_folder;
    if (const auto parent = std::filesystem::path(path_).parent_path(); !parent.empty()) {
        std::filesystem::create_directories(parent, no_folder);
    }
    fd_ = UniqueFd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666));
    struct stat status{};
    if (!fd_ || ::fstat(fd_.get(), &status) != 0) {
        throw SystemError::from_code(
            no_folder ? no_folder.value() : errno, "open the table of results", path_);
    }
    if (!S_ISREG(status.st_mode)) {
        throw Error("the table of results " + path_ + " is not a file");
    }
    if (is_planted(path_, status)) {
        throw Error("refusing to write results to " + path_ + ": it belongs to another user");
    }
    lock();
    row_start_ = end_ = add ? end_of_rows(row_end) : 0;
}

void TableFile::start() {
    if (::ftruncate(fd_.get(), static_cast<off_t>(end_)) != 0) {
        throw SystemError::from_errno("empty the table of results", path_);
    }
}

void TableFile::lock() {
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) {
        return;
    }
    if (errno == EWOULDBLOCK) {
        throw Error("the table of results " + path_ + " is in use by another aiomisc-run");
    }
    throw SystemError::from_errno("lock the table of results", path_);
}

std::size_t TableFile::read(std::uint64_t offset, char* buffer, std::size_t size) const {
    while (true) {
        const ssize_t count = ::pread(fd_.get(), buffer, size, static_cast<off_t>(offset));
        if (count >= 0) {
            return static_cast<std::size_t>(count);
        }
        if (errno != EINTR) {
            throw SystemError::from_errno("read the table of results", path_);
        }
    }
}

std::uint64_t TableFile::end_of_rows(RowEnd row_end) const {
    std::vector<char> chunk(kChunk);
    std::uint64_t end = 0;
    std::uint64_t offset = 0;
    bool quoted = false;
    while (const std::size_t count = read(offset, chunk.data(), chunk.size())) {
        for (std::size_t index = 0; index < count; ++index) {
            quoted ^= row_end == RowEnd::kUnquotedLine && chunk[index] == '"';
            if (chunk[index] == '\n' && !quoted) {
                end = offset + index + 1;
            }
        }
        offset += count;
    }
    return end;
}

bool TableFile::begins_with(std::string_view bytes) const {
    std::string begin(bytes.size(), '\0');
    return read(0, begin.data(), begin.size()) == bytes.size() && begin == bytes;
}

void TableFile::write(std::string_view bytes) {
    buffer_ += bytes;
    if (buffer_.size() >= kChunk) {
        flush();
    }
}

void TableFile::end_row() {
    flush();
    row_start_ = end_;
}

void TableFile::flush() {
    std::string_view bytes = buffer_;
    while (!bytes.empty()) {
        const ssize_t count =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(end_));
        if (count < 0 && errno != EINTR) {
            const int error = errno;
            drop_row();
            throw SystemError::from_code(error, "output is incomplete: cannot write to", path_);
        }
        const auto written = static_cast<std::size_t>(count < 0 ? 0 : count);
        bytes.remove_prefix(written);
        end_ += written;
    }
    buffer_.clear();
}

void TableFile::drop_row() noexcept {
    buffer_.clear();
    end_ = row_start_;
    // If this fails, too, the next run that adds to the table does it.
    static_cast<void>(::ftruncate(fd_.get(), static_cast<off_t>(end_)) == 0);
}

}  // namespace aiomisc::cli
