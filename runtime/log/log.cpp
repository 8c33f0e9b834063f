// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/log/log.h>

#include "stderr_sink.h"

#include <aiomisc/runtime/base/error.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>

#include <unistd.h>

#include <spdlog/details/log_msg.h>

namespace aiomisc::log {

namespace {

struct LevelEntry {
    std::string_view name;
    Level level;
    spdlog::level::level_enum sink_level;
};

constexpr std::array kLevels{
    LevelEntry{"critical", Level::kCritical, spdlog::level::critical},
    LevelEntry{"error", Level::kError, spdlog::level::err},
    LevelEntry{"warning", Level::kWarning, spdlog::level::warn},
    LevelEntry{"info", Level::kInfo, spdlog::level::info},
    LevelEntry{"debug", Level::kDebug, spdlog::level::debug},
    LevelEntry{"notset", Level::kNotset, spdlog::level::trace},
};

struct FormatEntry {
    std::string_view name;
    Format format;
};

constexpr std::array kFormats{
    FormatEntry{"disabled", Format::kDisabled},
    FormatEntry{"stream", Format::kStream},
    FormatEntry{"color", Format::kColor},
    FormatEntry{"plain", Format::kPlain},
};

std::atomic<Level> current_level{Level::kInfo};
std::atomic<Format> current_format{Format::kPlain};
std::atomic<spdlog::sinks::sink*> current_sink{nullptr};

/// Guards the sinks; there is one for each format that was ever configured, because a thread may
/// still be writing to the previous one.
std::mutex sinks_mutex;

spdlog::sink_ptr make_sink(Format format) {
    switch (format) {
        case Format::kDisabled:
            break;
        case Format::kColor:
            return std::make_shared<detail::StderrSink>(
                "%Y-%m-%d %H:%M:%S [%P] %^%*:%n%$: %v", true);
        case Format::kStream:
            return std::make_shared<detail::StderrSink>("%*:%n:%v", false);
        case Format::kPlain:
            return std::make_shared<detail::StderrSink>("%v", false);
    }
    return nullptr;
}

void install_sink(Format format) {
    // Never destroyed: exit handlers log too.
    static auto& sinks = *new std::map<Format, spdlog::sink_ptr>;
    const std::lock_guard lock(sinks_mutex);
    spdlog::sink_ptr& sink = sinks[format];
    if (!sink) {
        sink = make_sink(format);
    }
    current_sink.store(sink.get(), std::memory_order_release);
}

template <typename Entries>
std::string names_of(const Entries& entries) {
    std::string names;
    for (const auto& entry : entries) {
        names += names.empty() ? "" : ", ";
        names += entry.name;
    }
    return names;
}

template <typename Parse>
auto from_environment(const char* variable, Parse&& parse)
    -> std::optional<decltype(parse(std::string_view()))> {
    const char* text =
        std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): read once, at configuration
    if (text == nullptr || *text == '\0') {
        return std::nullopt;
    }
    try {
        return parse(text);
    } catch (const std::invalid_argument& error) {
        throw ConfigError(variable, "environment", error.what());
    }
}

}  // namespace

std::string_view level_name(Level level) noexcept {
    for (const auto& entry : kLevels) {
        if (entry.level == level) {
            return entry.name;
        }
    }
    return "notset";
}

std::string_view format_name(Format format) noexcept {
    for (const auto& entry : kFormats) {
        if (entry.format == format) {
            return entry.name;
        }
    }
    return "plain";
}

Level parse_level(std::string_view name) {
    for (const auto& entry : kLevels) {
        if (entry.name == name) {
            return entry.level;
        }
    }
    throw std::invalid_argument(
        "no log level " + std::string(name) + " (there are: " + names_of(kLevels) + ")");
}

Format parse_format(std::string_view name) {
    for (const auto& entry : kFormats) {
        if (entry.name == name) {
            return entry.format;
        }
    }
    throw std::invalid_argument(
        "no log format " + std::string(name) + " (there are: " + names_of(kFormats) + ")");
}

void basic_config(const Config& config) {
    const Level level =
        config.level ? *config.level
                     : from_environment("AIOMISC_LOG_LEVEL", parse_level).value_or(Level::kInfo);
    const Format by_terminal = ::isatty(STDERR_FILENO) == 1 ? Format::kColor : Format::kPlain;
    const Format format =
        config.log_format
            ? *config.log_format
            : from_environment("AIOMISC_LOG_FORMAT", parse_format).value_or(by_terminal);
    current_level.store(level, std::memory_order_relaxed);
    current_format.store(format, std::memory_order_relaxed);
    install_sink(format);
}

Level level() noexcept {
    return current_level.load(std::memory_order_relaxed);
}

Format format() noexcept {
    return current_format.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view logger, std::string_view message) noexcept {
    if (!enabled(level)) {
        return;
    }
    try {
        spdlog::sinks::sink* sink = current_sink.load(std::memory_order_acquire);
        if (sink == nullptr) {
            install_sink(format());
            sink = current_sink.load(std::memory_order_acquire);
        }
        spdlog::level::level_enum sink_level = spdlog::level::info;
        for (const auto& entry : kLevels) {
            if (entry.level == level) {
                sink_level = entry.sink_level;
            }
        }
        sink->log(spdlog::details::log_msg(
            spdlog::source_loc{},
            spdlog::string_view_t(logger.data(), logger.size()),
            sink_level,
            spdlog::string_view_t(message.data(), message.size())));
    } catch (...) {  // NOLINT(bugprone-empty-catch): there is nowhere left to say so
    }
}

void detail::write_formatted(
    Level level,
    std::string_view logger,
    fmt::string_view format,
    fmt::format_args arguments) noexcept {
    try {
        write(level, logger, fmt::vformat(format, arguments));
    } catch (const std::exception& error) {
        write(level, logger, error.what());
    }
}

}  // namespace aiomisc::log
