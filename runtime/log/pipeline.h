// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/config.h>
#include <aiomisc/runtime/log/threaded_handler.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc::log::detail {

/// A Config with nothing left out.
struct Settings {
    Level level = Level::kInfo;
    Format format = Format::kPlain;
    std::optional<std::string> date_format;
    std::optional<int> stream;
    bool buffered = false;
    ThreadedOptions threaded;
};

/// Errors: ConfigError.
Settings resolve(const Config& config);

/// The sink of a format; null for disabled.
/// Errors: SystemError (no journal runs here).
std::shared_ptr<Sink> make_sink(const Settings& settings);

/// Where records go between two calls of basic_config().
class Pipeline {
public:
    /// With `user` its handlers and wrapper, else the sink of the format alone.
    Pipeline(const Settings& settings, const Config* user);

    void emit(const Record& record) const;

    /// Passes on what is buffered.
    void flush() const noexcept;

    /// Flushes, and ends the threads.
    void close() const noexcept;

    [[nodiscard]] bool empty() const noexcept { return outputs_.empty(); }

    [[nodiscard]] bool wants_arguments() const noexcept { return wants_arguments_; }

    [[nodiscard]] bool wants_thread() const noexcept { return wants_thread_; }

    [[nodiscard]] bool wants_context() const noexcept { return wants_context_; }

    [[nodiscard]] bool wants_backtrace() const noexcept { return wants_backtrace_; }

private:
    /// A sink is for one thread at a time.
    struct Turn {
        std::mutex mutex;
        /// Records of other sinks that waited for too long; the next that gets through says so.
        std::atomic<std::uint64_t> dropped{0};
    };

    struct Output {
        std::shared_ptr<Sink> sink;
        std::unique_ptr<Turn> turn;  ///< null for a sink that sees to it itself
    };

    static void emit_in_turn(const Output& output, const Record& record);
    void add(std::shared_ptr<Sink> sink, const Settings& settings, const Config* user);

    std::vector<Output> outputs_;
    std::vector<std::shared_ptr<ThreadedHandler>> own_handlers_;
    bool wants_arguments_ = false;
    bool wants_thread_ = false;
    bool wants_context_ = false;
    bool wants_backtrace_ = false;
};

}  // namespace aiomisc::log::detail
