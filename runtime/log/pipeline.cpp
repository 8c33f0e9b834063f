// SPDX-License-Identifier: MIT
#include "pipeline.h"

#include "delivery.h"
#include "journald_sink.h"
#include "line_format.h"
#include "stream_sink.h"
#include "syslog_sink.h"

#include <aiomisc/runtime/base/environment.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include <unistd.h>

namespace aiomisc::log {

namespace detail {

namespace {

constexpr double kLongestFlush = 3600;  // seconds

/// Errors: ConfigError (`parse` threw std::invalid_argument).
template <typename Parse>
auto parsed(const char* variable, Parse&& parse)
    -> std::optional<decltype(parse(std::string_view()))> {
    const auto text = environment::text(variable);
    if (!text) {
        return std::nullopt;
    }
    try {
        return parse(*text);
    } catch (const std::invalid_argument& error) {
        throw ConfigError(variable, "environment", error.what());
    }
}

/// The longer name wins, but a shorter one that is wrong is found all the same.
std::size_t buffer_size() {
    constexpr std::size_t kDefault = 1024;
    std::size_t size = kDefault;
    for (const char* variable : {"AIOMISC_LOG_BUFFER", "AIOMISC_LOG_BUFFER_SIZE"}) {
        if (const auto number = environment::number(variable)) {
            if (*number == 0) {
                throw ConfigError(variable, "environment", "a buffer of 0 records");
            }
            size = *number;
        }
    }
    return size;
}

std::unique_ptr<LineFormat> make_line_format(const Settings& settings, int fd) {
    const std::string date(settings.date_format.value_or(
        settings.format == Format::kStream || settings.format == Format::kJson
            ? std::string()
            : std::string(default_date_format(settings.format))));
    switch (settings.format) {
        case Format::kStream:
            return make_stream_format(date);
        case Format::kColor:
            return make_color_format(date);
        case Format::kJson:
            return make_json_format(date);
        case Format::kRich:
        case Format::kRichTb:
            return make_rich_format(
                {.date_format = date,
                 .tracebacks = settings.format == Format::kRichTb,
                 .terminal = ::isatty(fd) == 1 ? fd : -1});
        default:
            return make_plain_format();
    }
}

}  // namespace

Settings resolve(const Config& config) {
    Settings settings;
    settings.level = config.level ? *config.level
                                  : parsed("AIOMISC_LOG_LEVEL", parse_level).value_or(Level::kInfo);
    if (config.log_format) {
        settings.format = *config.log_format;
    } else {
        const auto format = parsed("AIOMISC_LOG_FORMAT", parse_format);
        settings.format = format ? *format : default_format();
    }
    settings.date_format =
        config.date_format ? config.date_format : environment::text("AIOMISC_LOG_DATE_FORMAT");
    settings.stream = config.stream;
    settings.buffered =
        config.buffered ? *config.buffered : buffering_from_environment().value_or(false);
    ThreadedOptions& threaded = settings.threaded;
    threaded.buffer_size = config.buffer_size ? *config.buffer_size : buffer_size();
    if (config.flush_interval) {
        threaded.flush_interval = *config.flush_interval;
    } else {
        const double seconds = environment::seconds("AIOMISC_LOG_FLUSH").value_or(0.2);
        threaded.flush_interval = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::duration<double>(std::min(seconds, kLongestFlush)));
    }
    threaded.stall_limit = config.stall_limit;
    return settings;
}

std::shared_ptr<Sink> make_sink(const Settings& settings) {
    switch (settings.format) {
        case Format::kDisabled:
            return nullptr;
        case Format::kSyslog:
            if (settings.date_format) {
                std::fputs("aiomisc: log format syslog ignores date_format\n", stderr);
            }
            return make_syslog_sink();
        case Format::kJournald:
            return make_journald_sink();
        default:
            break;
    }
    const int fd = settings.stream                    ? *settings.stream
                   : settings.format == Format::kJson ? STDOUT_FILENO
                                                      : STDERR_FILENO;
    return std::make_shared<StreamSink>(
        fd,
        make_line_format(settings, fd),
        settings.buffered ? StreamSink::Mode::kGathered : StreamSink::Mode::kDirect);
}

Pipeline::Pipeline(const Settings& settings, const Config* user) {
    if (auto sink = make_sink(settings)) {
        const Format format = settings.format;
        const bool full = format == Format::kJson || format == Format::kJournald;
        wants_arguments_ = full;
        wants_thread_ = full || format == Format::kColor;
        wants_context_ = full || format == Format::kRich || format == Format::kRichTb;
        wants_backtrace_ = format == Format::kRichTb;
        add(std::move(sink), settings, user);
    }
    if (user != nullptr) {
        for (const auto& sink : user->handlers) {
            wants_arguments_ = wants_thread_ = wants_context_ = true;
            add(sink, settings, user);
        }
    }
}

void Pipeline::add(std::shared_ptr<Sink> sink, const Settings& settings, const Config* user) {
    if (user != nullptr && user->handler_wrapper) {
        sink = user->handler_wrapper(std::move(sink));
        wants_arguments_ = wants_thread_ = wants_context_ = true;
    }
    if (!sink) {
        return;
    }
    const bool has_buffer = dynamic_cast<const ThreadedHandler*>(sink.get()) != nullptr;
    if (settings.buffered && !has_buffer) {
        auto handler = std::make_shared<ThreadedHandler>(std::move(sink), settings.threaded);
        own_handlers_.push_back(handler);
        outputs_.push_back({std::move(handler), nullptr});
        return;
    }
    outputs_.push_back({std::move(sink), has_buffer ? nullptr : std::make_unique<Turn>()});
}

void Pipeline::emit(const Record& record) const {
    const bool nested = InsideSink::contains(nullptr);
    for (const Output& output : outputs_) {
        if (InsideSink::contains(output.sink.get())) {
            continue;
        }
        const InsideSink inside(output.sink.get(), nested);
        try {
            if (output.turn) {
                emit_in_turn(output, record);
            } else {
                output.sink->emit(record);
            }
        } catch (...) {  // NOLINT(bugprone-empty-catch): the other sinks get it still
        }
    }
}

void Pipeline::emit_in_turn(const Output& output, const Record& record) {
    Turn& turn = *output.turn;
    const auto held = lock_for_record(turn.mutex);
    if (!held) {
        ++turn.dropped;
        return;
    }
    if (turn.dropped.load(std::memory_order_relaxed) != 0) {
        emit_dropped(*output.sink, turn.dropped.exchange(0));
    }
    output.sink->emit(record);
}

void Pipeline::flush() const noexcept {
    const bool nested = InsideSink::contains(nullptr);
    for (const Output& output : outputs_) {
        if (InsideSink::contains(output.sink.get())) {
            continue;
        }
        const InsideSink inside(output.sink.get(), nested);
        try {
            // A thread that is stuck in the sink must not hold up a flush for ever.
            const auto held =
                output.turn ? lock_in_time(output.turn->mutex) : std::unique_lock<std::mutex>();
            if (output.turn && !held) {
                continue;
            }
            output.sink->flush();
        } catch (...) {  // NOLINT(bugprone-empty-catch): the other sinks are flushed still
        }
    }
}

void Pipeline::close() const noexcept {
    flush();
    for (const auto& handler : own_handlers_) {
        handler->close();
    }
}

}  // namespace detail

std::shared_ptr<Sink> create_logging_handler(
    Format format, std::optional<std::string> date_format, std::optional<int> stream) {
    detail::Settings settings;
    settings.format = format;
    settings.date_format = std::move(date_format);
    settings.stream = stream;
    return detail::make_sink(settings);
}

std::optional<bool> buffering_from_environment() {
    return environment::boolean("AIOMISC_LOG_BUFFERING");
}

}  // namespace aiomisc::log
