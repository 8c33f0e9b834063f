// SPDX-License-Identifier: MIT
#include "exception_text.h"
#include "json_text.h"
#include "line_format.h"
#include "time_text.h"

#include <algorithm>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

namespace aiomisc::log::detail {

namespace {

constexpr std::size_t kLevelColumn = 8;
constexpr std::string_view kReset = "\033[0m";
constexpr std::string_view kDim = "\033[2m";
constexpr std::string_view kTimeColor = "\033[2;36m";

std::string_view color_of(Level level) noexcept {
    switch (level) {
        case Level::kDebug:
            return "\033[32m";
        case Level::kInfo:
            return "\033[34m";
        case Level::kWarning:
            return "\033[33m";
        case Level::kError:
            return "\033[1;31m";
        case Level::kCritical:
            return "\033[1;7;31m";
        case Level::kNotset:
            break;
    }
    return {};
}

/// Columns a text takes on a terminal; every character counts as one wide.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

class RichFormat final : public LineFormat {
public:
    explicit RichFormat(const RichOptions& options)
        : date_(options.date_format),
          tracebacks_(options.tracebacks),
          terminal_(options.terminal) {}

    void append(const Record& record, fmt::memory_buffer& out) override {
        const std::string_view time = date_.of(record.time);
        indent_ = time.size() + 1 + kLevelColumn + 1;
        append_styled(out, kTimeColor, time);
        out.push_back(' ');
        append_styled(
            out,
            color_of(record.level),
            fmt::format("{:<{}}", upper_level_name(record.level), kLevelColumn));
        out.push_back(' ');
        append_first_line(record, out);
        if (record.exception) {
            out.push_back('\n');
            append_indented(
                out,
                tracebacks_ ? exception_chain(record.exception)
                            : first_line_of(exception_chain(record.exception)),
                true);
        }
        if (!record.backtrace.empty()) {
            out.push_back('\n');
            append_indented(out, backtrace_text(record.backtrace), true);
        }
        out.push_back('\n');
    }

private:
    static std::string first_line_of(const std::string& text) {
        return text.substr(0, text.find("\ncaused by "));
    }

    void append_styled(
        fmt::memory_buffer& out, std::string_view style, std::string_view text) const {
        if (terminal_ < 0 || style.empty()) {
            detail::append(out, text);
            return;
        }
        detail::append(out, style);
        detail::append(out, text);
        detail::append(out, kReset);
    }

    /// The message, the fields, and the source line at the right edge, or behind two spaces.
    void append_first_line(const Record& record, fmt::memory_buffer& out) {
        append_indented(out, record.message, false);
        const std::string fields = fields_of(record);
        append_styled(out, kDim, fields);
        if (record.location.line() == 0) {
            return;
        }
        const std::string_view path = record.location.file_name();
        const std::string place =
            fmt::format("{}:{}", path.substr(path.rfind('/') + 1), record.location.line());
        const std::string_view last_line = record.message.substr(record.message.rfind('\n') + 1);
        const std::size_t used = indent_ + width_of(last_line) + width_of(fields);
        const std::size_t wide = terminal_width();
        const std::size_t gap = used + 2 + place.size() <= wide ? wide - used - place.size() : 2;
        detail::append(out, std::string(gap, ' '));
        append_styled(out, kDim, place);
    }

    static std::string fields_of(const Record& record) {
        fmt::memory_buffer out;
        const auto append_all = [&out](std::span<const Field> fields) {
            for (const Field& field : fields) {
                if (field.value != Value(nullptr)) {
                    fmt::format_to(std::back_inserter(out), " {}=", field.key);
                    append_text_value(out, field.value);
                }
            }
        };
        append_all(record.fields);
        append_all(record.context);
        fmt::format_to(std::back_inserter(out), " pid={}", ::getpid());
        return fmt::to_string(out);
    }

    /// Lines after the first start below the message, the first too if `all`.
    void append_indented(fmt::memory_buffer& out, std::string_view text, bool all) const {
        const std::string margin(indent_, ' ');
        if (all) {
            detail::append(out, margin);
        }
        for (std::size_t end = text.find('\n'); end != std::string_view::npos;
             end = text.find('\n')) {
            detail::append(out, text.substr(0, end + 1));
            detail::append(out, margin);
            text.remove_prefix(end + 1);
        }
        detail::append(out, text);
    }

    [[nodiscard]] std::size_t terminal_width() const {
        winsize size{};
        if (terminal_ < 0 || ::ioctl(terminal_, TIOCGWINSZ, &size) != 0) {
            return 0;
        }
        return size.ws_col;
    }

    TimeText date_;
    bool tracebacks_;
    int terminal_;
    std::size_t indent_ = 0;
};

}  // namespace

std::unique_ptr<LineFormat> make_rich_format(const RichOptions& options) {
    return std::make_unique<RichFormat>(options);
}

}  // namespace aiomisc::log::detail
