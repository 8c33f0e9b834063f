// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/statistic.h>
#include <aiomisc/runtime/log/sink.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace aiomisc::log {

/// What a ThreadedHandler counts. `records` were taken, `dropped` were not; `errors` is how often
/// its target threw.
struct ThreadedHandlerStatistic : Statistic {
    static constexpr std::string_view kKind = "ThreadedHandlerStatistic";

    explicit ThreadedHandlerStatistic(std::string name) : Statistic({kKind}, std::move(name)) {}

    Metric threads{metric("threads")};
    Metric records{metric("records")};
    Metric errors{metric("errors")};
    Metric flushes{metric("flushes")};
    Metric dropped{metric("dropped")};
};

struct ThreadedOptions {
    /// Records that may wait. Their memory is bounded too: 1 KiB for each, 1 MiB at least.
    std::size_t buffer_size = 1024;
    /// How long a record waits at most before its target gets it.
    std::chrono::milliseconds flush_interval{100};
    /// How long the target may make no progress before records that find the buffer full are
    /// dropped. Zero: never, they wait.
    std::chrono::milliseconds stall_limit{200};
    std::string statistic_name = "logger";
};

/// Takes records at once, and gives them to its target from a thread of its own, so that a slow
/// target does not slow down who logs.
///
/// The target gets what waits after `flush_interval`, when half of the buffer is full, and with a
/// record that is critical, which returns once it is written. A full buffer slows the logging
/// threads down to the target's pace. But when the target makes no progress at all for
/// `stall_limit`, the newest records are dropped and counted, and nobody waits; once it goes on it
/// gets one record `N records dropped` (logger `aiomisc.log`, warning). What waits is written at
/// exit(), as far as the target takes it; what kills the process takes it along.
///
/// In a forked child, which has no such thread, records go to the target directly.
///
/// Errors:    std::invalid_argument (no target, a buffer of 0).
/// Affinity:  any thread.
/// Idea:      aiomisc_log.ThreadedHandler.
class ThreadedHandler final : public Sink {
public:
    explicit ThreadedHandler(std::shared_ptr<Sink> target, ThreadedOptions options = {});

    ThreadedHandler(const ThreadedHandler&) = delete;
    ThreadedHandler& operator=(const ThreadedHandler&) = delete;

    /// close().
    ~ThreadedHandler() override;

    void emit(const Record& record) override;

    /// Returns when the target has all that was emitted before, or has stalled.
    void flush() override;

    void interrupt() noexcept override;

    /// Writes what waits, as far as the target takes it, and ends the thread. Later records go to
    /// the target directly. A target that is stuck for good keeps its thread.
    void close() noexcept;

    [[nodiscard]] const ThreadedHandlerStatistic& statistic() const noexcept;

    /// All that live, before the process ends.
    static void close_all() noexcept;

    class Core;

private:
    std::shared_ptr<Core> core_;
};

/// A buffer in front of a sink of yours, for a program that does not leave its logging to
/// basic_config().
///
/// Idea:      aiomisc.log.wrap_logging_handler.
[[nodiscard]] std::shared_ptr<ThreadedHandler> wrap_logging_handler(
    std::shared_ptr<Sink> sink, ThreadedOptions options = {});

}  // namespace aiomisc::log
