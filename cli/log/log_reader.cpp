// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/log_reader.h>

#include <aiomisc/runtime/base/error.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

/// Cuts a file into lines from some offset on.
class Lines {
public:
    Lines(int fd, const std::string& path, std::uint64_t offset)
        : fd_(fd), path_(path), read_to_(offset), line_at_(offset) {}

    struct Line {
        std::uint64_t offset = 0;
        std::string_view text;  ///< until the next call of next()
        bool ended = true;      ///< by a newline
        bool too_long = false;  ///< then there is no text
    };

    std::optional<Line> next() {
        std::size_t scanned = start_;
        std::uint64_t dropped = 0;
        for (;;) {
            const std::size_t newline = buffer_.find('\n', scanned);
            if (newline != std::string::npos) {
                return take(newline, newline + 1, dropped, true);
            }
            // What is left of the buffer is the beginning of a line.
            buffer_.erase(0, std::exchange(start_, 0));
            if (buffer_.size() > LogReader::kMaxLine) {
                dropped += buffer_.size();
                buffer_.clear();
            }
            scanned = buffer_.size();
            if (!fill()) {
                return buffer_.empty() && dropped == 0
                           ? std::nullopt
                           : std::optional(take(buffer_.size(), buffer_.size(), dropped, false));
            }
        }
    }

private:
    // The line from start_ to `end`; the next one begins at `next`.
    Line take(std::size_t end, std::size_t next, std::uint64_t dropped, bool ended) {
        Line line{.offset = line_at_, .text = {}, .ended = ended, .too_long = dropped > 0};
        if (!line.too_long) {
            line.text = std::string_view(buffer_).substr(start_, end - start_);
        }
        line_at_ += dropped + (next - start_);
        start_ = next;
        return line;
    }

    bool fill() {
        ssize_t count = -1;
        do {
            count = ::pread(fd_, chunk_.data(), chunk_.size(), static_cast<off_t>(read_to_));
        } while (count < 0 && errno == EINTR);
        if (count < 0) {
            throw SystemError::from_errno("read job log", path_);
        }
        buffer_.append(chunk_.data(), static_cast<std::size_t>(count));
        read_to_ += static_cast<std::uint64_t>(count);
        return count > 0;
    }

    int fd_;
    const std::string& path_;
    std::uint64_t read_to_;
    std::uint64_t line_at_;
    std::string buffer_;
    std::size_t start_ = 0;  // of the next line
    std::array<char, 65536> chunk_{};
};

}  // namespace

UniqueFd open_log_to_read(const std::string& path) {
    // A pipe that nobody writes to is not waited for.
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) {
        throw SystemError::from_errno("open job log", path);
    }
    if (!S_ISREG(status.st_mode)) {
        throw Error("the job log " + path + " cannot be read back: it is no regular file");
    }
    return file;
}

LogDamage LogReader::read(const Visitor& visit) const {
    struct Pending {
        std::optional<LogRecord> record;  // none: the line is damaged
        std::uint64_t offset;
        std::uint64_t number;
    };

    LogDamage damage;
    std::uint64_t understood = 0;
    // Whether a line counts shows when the next one is there.
    std::optional<Pending> last;
    const auto settle = [&] {
        if (last && last->record) {
            ++understood;
            visit(std::move(*last->record), last->offset);
        } else if (last && ++damage.count <= LogDamage::kMaxLines) {
            damage.lines.push_back(last->number);
        }
        last.reset();
    };
    Lines lines(file_.get(), path_, 0);
    std::uint64_t number = 0;
    while (const auto line = lines.next()) {
        ++number;
        if (line->ended && line->text.empty() && !line->too_long) {
            last.reset();  // torn, and ended since
            continue;
        }
        settle();
        damage.torn_end = !line->ended;
        if (damage.torn_end) {
            break;
        }
        auto record = line->too_long ? std::nullopt : parse_log_line(format(), line->text);
        last = Pending{std::move(record), line->offset, number};
    }
    settle();
    if (damage.count > 0 && understood == 0) {
        throw Error(path_ + " is not a job log: none of its lines is a record of one");
    }
    return damage;
}

LogRecord LogReader::record_at(std::uint64_t offset) const {
    Lines lines(file_.get(), path_, offset);
    if (const auto line = lines.next(); line && !line->too_long) {
        if (auto record = parse_log_line(format(), line->text)) {
            return std::move(*record);
        }
    }
    throw Error(fmt::format("the job log {} was changed: no record at byte {}", path_, offset));
}

}  // namespace aiomisc::cli
