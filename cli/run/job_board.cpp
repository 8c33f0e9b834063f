// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/job_board.h>

#include <aiomisc/runtime/base/check.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {

namespace {

constexpr double kMillion = 1e6;

}  // namespace

void JobBoard::Place::clear() noexcept {
    pid_.store(0, std::memory_order_relaxed);
    millionths_.store(0, std::memory_order_relaxed);
    ended_.store(0, std::memory_order_relaxed);
}

void JobBoard::Place::begin(pid_t pid, unsigned worker) noexcept {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    begun_at_.store(
        std::chrono::duration_cast<std::chrono::microseconds>(now).count(),
        std::memory_order_relaxed);
    worker_.store(worker, std::memory_order_relaxed);
    pid_.store(pid, std::memory_order_release);
}

std::chrono::system_clock::time_point JobBoard::Place::begun_at() const noexcept {
    return std::chrono::system_clock::time_point(
        std::chrono::microseconds(begun_at_.load(std::memory_order_relaxed)));
}

void JobBoard::Place::set_progress(double fraction) noexcept {
    // What is not a number is no progress.
    const double share = fraction > 0 ? std::min(fraction, 1.0) : 0;
    millionths_.store(static_cast<std::uint32_t>(share * kMillion), std::memory_order_relaxed);
}

double JobBoard::Place::progress() const noexcept {
    return std::min(millionths_.load(std::memory_order_relaxed) / kMillion, 1.0);
}

JobBoard::JobBoard(UniqueFd fd, std::size_t slots) : fd_(std::move(fd)) {
    void* const memory =
        ::mmap(nullptr, slots * sizeof(Place), PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    if (memory == MAP_FAILED) {
        throw SystemError::from_errno("map the job board");
    }
    // New pages are zero, which is an empty place.
    places_ = {static_cast<Place*>(memory), slots};
}

JobBoard::JobBoard(JobBoard&& other) noexcept
    : fd_(std::move(other.fd_)), places_(std::exchange(other.places_, {})) {}

JobBoard::~JobBoard() {
    if (!places_.empty()) {
        ::munmap(places_.data(), places_.size_bytes());
    }
}

JobBoard JobBoard::create(unsigned slots) {
    UniqueFd fd(::memfd_create("aiomisc-run jobs", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(slots * sizeof(Place))) != 0 ||
        ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
        throw SystemError::from_errno("create the job board");
    }
    return {std::move(fd), slots};
}

JobBoard JobBoard::open(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        throw SystemError::from_errno("open the job board", path);
    }
    return {std::move(fd), static_cast<std::size_t>(status.st_size) / sizeof(Place)};
}

std::string JobBoard::path() const {
    return fmt::format("/proc/{}/fd/{}", ::getpid(), fd_.get());
}

JobBoard::Place& JobBoard::place(unsigned slot) const noexcept {
    AIOMISC_CHECK(slot >= 1 && slot <= places_.size(), "a slot has a place on the job board");
    return places_[slot - 1];
}

double JobBoard::progress() const noexcept {
    double sum = 0;
    for (const Place& place : places_) {
        sum += place.progress();
    }
    return sum;
}

}  // namespace aiomisc::cli
