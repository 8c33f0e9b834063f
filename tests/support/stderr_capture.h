// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace aiomisc::test {

/// Keeps what is written to stderr while it lives.
class StderrCapture {
public:
    StderrCapture()
        : file_(::memfd_create("stderr", MFD_CLOEXEC)), previous_(::dup(STDERR_FILENO)) {
        // The position of a memory file is not advanced atomically: threads would overwrite each
        // other.
        ::fcntl(file_.get(), F_SETFL, O_APPEND);
        if (!file_ || !previous_ || ::dup2(file_.get(), STDERR_FILENO) < 0) {
            throw SystemError::from_errno("capture stderr");
        }
    }

    StderrCapture(const StderrCapture&) = delete;
    StderrCapture& operator=(const StderrCapture&) = delete;

    ~StderrCapture() { ::dup2(previous_.get(), STDERR_FILENO); }

    /// Everything written so far.
    [[nodiscard]] std::string text() const {
        std::string text(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), '\0');
        const ssize_t size = ::pread(file_.get(), text.data(), text.size(), 0);
        text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return text;
    }

private:
    UniqueFd file_;
    UniqueFd previous_;
};

}  // namespace aiomisc::test
