// SPDX-License-Identifier: MIT

// The formats of plain text: stream, plain, color.

#include "exception_text.h"
#include "line_format.h"
#include "time_text.h"

namespace aiomisc::log::detail {

namespace {

constexpr std::string_view kReset = "\033[0m";
constexpr std::string_view kBold = "\033[01m";
constexpr std::string_view kDateColor = "\033[01;37m\033[40m";  // bright white on black
constexpr std::string_view kThreadColor = "\033[34m";           // blue

std::string_view color_of(Level level) noexcept {
    switch (level) {
        case Level::kDebug:
            return "\033[36m";  // cyan
        case Level::kInfo:
            return "\033[32m";  // green
        case Level::kWarning:
            return "\033[33m";  // yellow
        case Level::kError:
            return "\033[31m";  // red
        case Level::kCritical:
            return "\033[31m\033[47m";  // red on white
        case Level::kNotset:
            break;
    }
    return {};
}

class StreamFormat final : public LineFormat {
public:
    explicit StreamFormat(std::string_view date_format) : date_(date_format) {}

    void append(const Record& record, fmt::memory_buffer& out) override {
        if (date_.wanted()) {
            detail::append(out, date_.of(record.time));
            out.push_back(' ');
        }
        detail::append(out, upper_level_name(record.level));
        out.push_back(':');
        detail::append(out, record.logger);
        out.push_back(':');
        detail::append(out, record.message);
        append_exception(record, out);
        out.push_back('\n');
    }

private:
    TimeText date_;
};

class PlainFormat final : public LineFormat {
public:
    void append(const Record& record, fmt::memory_buffer& out) override {
        detail::append(out, record.message);
        append_exception(record, out);
        out.push_back('\n');
    }
};

class ColorFormat final : public LineFormat {
public:
    explicit ColorFormat(std::string_view date_format) : date_(date_format) {}

    void append(const Record& record, fmt::memory_buffer& out) override {
        if (date_.wanted()) {
            detail::append(out, kDateColor);
            detail::append(out, date_.of(record.time));
            detail::append(out, kReset);
            out.push_back(' ');
        }
        fmt::format_to(
            std::back_inserter(out),
            "{}[T:{}]{} {}{}:{}{}: {}{}",
            kThreadColor,
            record.thread_name,
            kReset,
            color_of(record.level),
            upper_level_name(record.level),
            record.logger,
            kReset,
            record.level >= Level::kWarning ? kBold : std::string_view(),
            record.message);
        append_exception(record, out);
        detail::append(out, kReset);
        out.push_back('\n');
    }

private:
    TimeText date_;
};

}  // namespace

std::string_view upper_level_name(Level level) noexcept {
    switch (level) {
        case Level::kCritical:
            return "CRITICAL";
        case Level::kError:
            return "ERROR";
        case Level::kWarning:
            return "WARNING";
        case Level::kInfo:
            return "INFO";
        case Level::kDebug:
            return "DEBUG";
        case Level::kNotset:
            break;
    }
    return "NOTSET";
}

void append_exception(const Record& record, fmt::memory_buffer& out) {
    if (record.exception) {
        out.push_back('\n');
        append(out, exception_chain(record.exception));
    }
    // Of an uncaught exception: whoever logs one with its backtrace wants it seen in every format.
    if (!record.backtrace.empty()) {
        out.push_back('\n');
        append(out, backtrace_text(record.backtrace));
    }
}

std::unique_ptr<LineFormat> make_stream_format(std::string_view date_format) {
    return std::make_unique<StreamFormat>(date_format);
}

std::unique_ptr<LineFormat> make_plain_format() {
    return std::make_unique<PlainFormat>();
}

std::unique_ptr<LineFormat> make_color_format(std::string_view date_format) {
    return std::make_unique<ColorFormat>(date_format);
}

}  // namespace aiomisc::log::detail
