// SPDX-License-Identifier: MIT
#include "stderr_sink.h"

#include <cerrno>
#include <memory>
#include <string>

#include <poll.h>
#include <unistd.h>

namespace aiomisc::log::detail {

namespace {

constexpr char kUpperCaseLevel = '*';
constexpr std::string_view kReset = "\033[0m";
constexpr int kPollMilliseconds = 1000;

/// `%*` in a pattern: WARNING where %l gives warning.
class UpperCaseLevel final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& record, const std::tm&, spdlog::memory_buf_t& text)
        override {
        for (const char letter : spdlog::level::to_string_view(record.level)) {
            text.push_back(
                letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter);
        }
    }

    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<UpperCaseLevel>();
    }
};

std::unique_ptr<spdlog::formatter> make_formatter(const std::string& pattern) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<UpperCaseLevel>(kUpperCaseLevel).set_pattern(pattern);
    return formatter;
}

std::string_view color_of(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::debug:
            return "\033[36m";
        case spdlog::level::info:
            return "\033[32m";
        case spdlog::level::warn:
            return "\033[33m";
        case spdlog::level::err:
            return "\033[31m";
        case spdlog::level::critical:
            return "\033[37;41m";
        default:
            return {};
    }
}

/// Writes all of it, or as much as stderr takes. A stderr that is non-blocking (whoever shares it
/// may have made it so) is waited for, but not for ever.
void write_all(std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            pollfd descriptor{STDERR_FILENO, POLLOUT, 0};
            if (::poll(&descriptor, 1, kPollMilliseconds) <= 0) {
                return;
            }
        } else if (errno != EINTR) {
            return;
        }
    }
}

}  // namespace

StderrSink::StderrSink(const std::string& pattern, bool colored)
    : base_sink(make_formatter(pattern)), colored_(colored) {}

void StderrSink::sink_it_(const spdlog::details::log_msg& record) {
    spdlog::memory_buf_t buffer;
    formatter_->format(record, buffer);
    const std::string_view line(buffer.data(), buffer.size());
    const std::size_t begin = record.color_range_start;
    const std::size_t end = record.color_range_end;
    if (!colored_ || begin >= end || end > line.size()) {
        write_all(line);
        return;
    }
    std::string text;
    text.reserve(line.size() + color_of(record.level).size() + kReset.size());
    text.append(line.substr(0, begin));
    text.append(color_of(record.level));
    text.append(line.substr(begin, end - begin));
    text.append(kReset);
    text.append(line.substr(end));
    write_all(text);
}

}  // namespace aiomisc::log::detail
