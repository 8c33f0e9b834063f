// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

namespace aiomisc {

/// Owns a file descriptor and closes it. -1 means none.
class UniqueFd {
public:
    UniqueFd() noexcept = default;

    explicit UniqueFd(int fd) noexcept : fd_(fd) {}

    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}

    UniqueFd& operator=(UniqueFd&& other) noexcept {
        reset(other.release());
        return *this;
    }

    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;

    ~UniqueFd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }

    explicit operator bool() const noexcept { return fd_ >= 0; }

    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    void reset(int fd = -1) noexcept;

    /// A second descriptor of the same file, close-on-exec.
    /// Errors: SystemError (no descriptor free).
    [[nodiscard]] UniqueFd duplicate() const;

private:
    int fd_ = -1;
};

}  // namespace aiomisc
