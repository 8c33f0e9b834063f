// SPDX-License-Identifier: MIT
#pragma once

#include "line_format.h"

#include <aiomisc/runtime/log/sink.h>

#include <atomic>
#include <memory>
#include <string_view>

namespace aiomisc::log::detail {

/// Writes lines to a descriptor, each whole within one write(2), so that lines of several processes
/// on the same pipe, file or terminal do not mix.
///
/// A pipe takes a write whole up to PIPE_BUF (4096 bytes) only. A longer line can be broken by
/// another process's, but only when the pipe is full in the middle of it.
class StreamSink final : public Sink {
public:
    enum class Mode {
        kDirect,    ///< every record is written at once
        kGathered,  ///< lines wait for flush(), or until there are PIPE_BUF bytes of them
    };

    /// The descriptor stays the caller's.
    StreamSink(int fd, std::unique_ptr<LineFormat> format, Mode mode);

    void emit(const Record& record) override;

    void flush() override;

    void interrupt() noexcept override { interrupted_.store(true, std::memory_order_relaxed); }

private:
    void write_gathered();
    void write_lines(std::string_view lines);
    void write_all(std::string_view text) noexcept;
    bool wait_until_writable() noexcept;

    int fd_;
    Mode mode_;
    std::atomic<bool> interrupted_{false};
    std::unique_ptr<LineFormat> format_;
    fmt::memory_buffer line_;
    fmt::memory_buffer gathered_;
    bool cut_ = false;  ///< the last line could not be written to its end
};

}  // namespace aiomisc::log::detail
