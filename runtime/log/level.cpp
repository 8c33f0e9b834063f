// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/log/level.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace aiomisc::log {

namespace {

template <typename Value>
struct Entry {
    std::string_view name;
    Value value;
};

constexpr std::array kLevels{
    Entry<Level>{"critical", Level::kCritical},
    Entry<Level>{"error", Level::kError},
    Entry<Level>{"warning", Level::kWarning},
    Entry<Level>{"info", Level::kInfo},
    Entry<Level>{"debug", Level::kDebug},
    Entry<Level>{"notset", Level::kNotset},
};

constexpr std::array kFormats{
    Entry<Format>{"disabled", Format::kDisabled},
    Entry<Format>{"stream", Format::kStream},
    Entry<Format>{"color", Format::kColor},
    Entry<Format>{"json", Format::kJson},
    Entry<Format>{"syslog", Format::kSyslog},
    Entry<Format>{"plain", Format::kPlain},
    Entry<Format>{"journald", Format::kJournald},
    Entry<Format>{"rich", Format::kRich},
    Entry<Format>{"rich_tb", Format::kRichTb},
};

template <typename Entries>
std::vector<std::string_view> names_of(const Entries& entries) {
    std::vector<std::string_view> names;
    std::ranges::transform(
        entries, std::back_inserter(names), [](const auto& entry) { return entry.name; });
    return names;
}

template <typename Entries, typename Value>
std::string_view name_of(const Entries& entries, Value value, std::string_view other) noexcept {
    for (const auto& entry : entries) {
        if (entry.value == value) {
            return entry.name;
        }
    }
    return other;
}

template <typename Entries>
auto value_of(const Entries& entries, std::string_view name, std::string_view what) {
    for (const auto& entry : entries) {
        if (entry.name == name) {
            return entry.value;
        }
    }
    throw std::invalid_argument(fmt::format(
        "no log {} {} (there are: {})", what, name, fmt::join(names_of(entries), ", ")));
}

bool is_journal_stream(int fd) noexcept {
    const char* text = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): only read
    struct stat status{};
    if (text == nullptr || ::fstat(fd, &status) != 0) {
        return false;
    }
    char* colon = nullptr;
    const auto device = std::strtoull(text, &colon, 10);
    if (colon == text || *colon != ':') {
        return false;
    }
    char* end = nullptr;
    const auto inode = std::strtoull(colon + 1, &end, 10);
    return end != colon + 1 && *end == '\0' && device == status.st_dev && inode == status.st_ino;
}

}  // namespace

std::string_view level_name(Level level) noexcept {
    return name_of(kLevels, level, "notset");
}

std::string_view format_name(Format format) noexcept {
    return name_of(kFormats, format, "plain");
}

std::vector<std::string_view> level_names() {
    return names_of(kLevels);
}

std::vector<std::string_view> format_names() {
    return names_of(kFormats);
}

Level parse_level(std::string_view name) {
    for (const auto& entry : kLevels) {
        if (name == std::to_string(static_cast<int>(entry.value))) {
            return entry.value;
        }
    }
    return value_of(kLevels, name, "level");
}

Format parse_format(std::string_view name) {
    return value_of(kFormats, name, "format");
}

Format default_format() noexcept {
    if (is_journal_stream(STDERR_FILENO)) {
        return Format::kJournald;
    }
    return ::isatty(STDERR_FILENO) == 1 ? Format::kRich : Format::kPlain;
}

std::string_view default_date_format(Format format) noexcept {
    switch (format) {
        case Format::kColor:
            return "%Y-%m-%d %H:%M:%S";
        case Format::kStream:
            return "[%Y-%m-%d %H:%M:%S]";
        case Format::kJson:
            return "%s";
        case Format::kRich:
        case Format::kRichTb:
            return "[%X]";
        case Format::kDisabled:
        case Format::kSyslog:
        case Format::kPlain:
        case Format::kJournald:
            break;
    }
    return {};
}

}  // namespace aiomisc::log
