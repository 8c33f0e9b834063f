// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/seq_files.h>

#include <array>
#include <charconv>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

timespec now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return time;
}

}  // namespace

SeqFiles::SeqFiles(UnnamedFile& probe) : begin_(probe.set_modified(now())) {}

void SeqFiles::link(
    UnnamedFile file, std::uint64_t seq, int directory, const std::string& name) const {
    file.append(std::to_string(seq));
    if (begin_) {
        file.set_modified(*begin_);
    }
    file.link(directory, name);
}

std::optional<std::uint64_t> SeqFiles::job_of(int directory, const std::string& name) const {
    const UniqueFd fd(
        ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !begin_ ||
        status.st_mtim.tv_sec != begin_->tv_sec || status.st_mtim.tv_nsec != begin_->tv_nsec) {
        return std::nullopt;
    }
    std::array<char, 24> text{};
    const ssize_t count = ::read(fd.get(), text.data(), text.size());
    std::uint64_t seq = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + (count > 0 ? count : 0), seq);
    return parsed.ec == std::errc() ? std::optional(seq) : std::nullopt;
}

}  // namespace aiomisc::cli
