// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/error.h>

#include <cstddef>
#include <string_view>

namespace aiomisc::cli {

/// Nobody reads our output any more (EPIPE).
class ReaderGone : public Error {
public:
    using Error::Error;
};

/// Takes printed output, as much as goes without waiting.
class Sink {
public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    virtual ~Sink() = default;

    /// Returns how many bytes were taken; 0 means that wait_fd() must become writable first.
    ///
    /// Errors:    ReaderGone, SystemError.
    virtual std::size_t write_some(std::string_view bytes) = 0;

    [[nodiscard]] virtual int wait_fd() const noexcept = 0;
};

/// Writes to a descriptor that stays its owner's.
///
/// The descriptor is not made non-blocking, because that would hold for everybody who has the same
/// terminal or pipe open. Instead poll() is asked, and no more is written than a pipe that is
/// writable takes for sure.
class FdSink final : public Sink {
public:
    explicit FdSink(int fd);

    std::size_t write_some(std::string_view bytes) override;

    [[nodiscard]] int wait_fd() const noexcept override { return fd_; }

private:
    int fd_;
    bool may_block_;
};

}  // namespace aiomisc::cli
