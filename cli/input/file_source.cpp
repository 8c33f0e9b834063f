// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/file_source.h>

#include <aiomisc/runtime/base/error.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {

std::unique_ptr<FileSource> FileSource::open(
    const std::string& path, char delimiter, std::optional<CsvScanner> csv) {
    const bool is_stdin = path == "-";
    UniqueFd fd(
        is_stdin ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) {
        throw SystemError::from_errno("open", is_stdin ? "stdin" : path);
    }
    return std::make_unique<FileSource>(std::move(fd), is_stdin ? "stdin" : path, delimiter, csv);
}

FileSource::FileSource(UniqueFd fd, std::string name, char delimiter, std::optional<CsvScanner> csv)
    : fd_(std::move(fd)), name_(std::move(name)), delimiter_(delimiter), splitter_(delimiter, csv) {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) {
        throw SystemError::from_errno("stat", name_);
    }
    if (S_ISDIR(status.st_mode)) {
        throw SystemError::from_code(EISDIR, "read", name_);
    }
    // The disk is no reason to wait, and epoll refuses regular files.
    may_block_ = !S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode);
}

Pull FileSource::next(std::string& item) {
    while (!splitter_.next(item)) {
        if (!fd_) {
            return Pull::kEnd;
        }
        if (may_block_ && would_block()) {
            return Pull::kWait;
        }
        read_some();
    }
    return Pull::kItem;
}

std::string FileSource::where() const {
    const char* const unit = delimiter_ == '\n' ? "line" : "item";
    return name_ + ": " + unit + " " + std::to_string(splitter_.position());
}

bool FileSource::would_block() const {
    pollfd poller{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&poller, 1, 0) == 0;
}

void FileSource::read_some() {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): read() fills it
    std::array<char, 65536> chunk;
    const ssize_t count = ::read(fd_.get(), chunk.data(), chunk.size());
    if (count > 0) {
        splitter_.feed({chunk.data(), static_cast<std::size_t>(count)});
        return;
    }
    if (count == 0) {
        splitter_.finish();
        fd_.reset();
        return;
    }
    if (errno != EINTR && errno != EAGAIN) {
        throw SystemError::from_errno("read", name_);
    }
}

}  // namespace aiomisc::cli
