// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/record.h>

#include <memory>
#include <string_view>

#include <fmt/format.h>

namespace aiomisc::log::detail {

/// Turns records into lines. Used under the lock of its sink.
class LineFormat {
public:
    LineFormat() = default;
    LineFormat(const LineFormat&) = delete;
    LineFormat& operator=(const LineFormat&) = delete;
    virtual ~LineFormat() = default;

    /// Appends the line, with its newline.
    virtual void append(const Record& record, fmt::memory_buffer& out) = 0;
};

/// `LEVEL:logger:message`, after the date and a space if there is a pattern.
std::unique_ptr<LineFormat> make_stream_format(std::string_view date_format);

/// The message.
std::unique_ptr<LineFormat> make_plain_format();

/// `date [T:thread] LEVEL:logger: message`, colored.
std::unique_ptr<LineFormat> make_color_format(std::string_view date_format);

/// An object; `@timestamp` only with a pattern.
std::unique_ptr<LineFormat> make_json_format(std::string_view date_format);

struct RichOptions {
    std::string_view date_format;
    bool tracebacks = false;
    /// The terminal that gets the lines: for colors and its width. -1: none.
    int terminal = -1;
};

std::unique_ptr<LineFormat> make_rich_format(const RichOptions& options);

/// `WARNING` for Level::kWarning.
std::string_view upper_level_name(Level level) noexcept;

/// Appends the exception of the record, on lines of its own, if there is one.
void append_exception(const Record& record, fmt::memory_buffer& out);

inline void append(fmt::memory_buffer& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
}

}  // namespace aiomisc::log::detail
