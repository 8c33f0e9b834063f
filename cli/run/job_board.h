// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <sys/types.h>

namespace aiomisc::cli {

/// Memory that the launcher shares with the workers of a job module: a place for each slot, in
/// which the job that runs there says what no message of its own is worth.
///
/// The launcher creates it, the supervisor opens it by its path and maps it, workers inherit the
/// mapping. A job may write nonsense into it: what is read from it is shown, never relied on.
///
/// Affinity:  any thread; the processes see the same bytes.
class JobBoard {
public:
    class Place {
    public:
        /// In the launcher, before a job is sent to this slot.
        void clear() noexcept;

        /// In the worker, around the job.
        void begin(pid_t pid, unsigned worker) noexcept;

        void set_progress(double fraction) noexcept;

        void end() noexcept { ended_.store(1, std::memory_order_relaxed); }

        /// The number of that worker.
        [[nodiscard]] unsigned worker() const noexcept {
            return worker_.load(std::memory_order_relaxed);
        }

        [[nodiscard]] std::chrono::system_clock::time_point begun_at() const noexcept;

        /// 0 before the job began.
        [[nodiscard]] pid_t pid() const noexcept { return pid_.load(std::memory_order_relaxed); }

        /// From 0 to 1.
        [[nodiscard]] double progress() const noexcept;

        /// Whether the job returned or threw, as opposed to being killed.
        [[nodiscard]] bool ended() const noexcept {
            return ended_.load(std::memory_order_relaxed) != 0;
        }

    private:
        // A cache line each, so that jobs do not slow each other down.
        alignas(64) std::atomic<std::int32_t> pid_;
        std::atomic<std::uint32_t> worker_;
        std::atomic<std::int64_t> begun_at_;  // microseconds of the system clock
        std::atomic<std::uint32_t> millionths_;
        std::atomic<std::uint32_t> ended_;
    };

    /// Errors: SystemError (no descriptor or no memory is left).
    static JobBoard create(unsigned slots);

    /// One that another process of this user created. Errors: SystemError.
    static JobBoard open(const std::string& path);

    JobBoard(JobBoard&& other) noexcept;
    JobBoard& operator=(JobBoard&&) = delete;
    JobBoard(const JobBoard&) = delete;
    JobBoard& operator=(const JobBoard&) = delete;
    ~JobBoard();

    /// Where open() finds it while this process lives.
    [[nodiscard]] std::string path() const;

    /// Of a slot, which count from 1.
    [[nodiscard]] Place& place(unsigned slot) const noexcept;

    /// Of all running jobs together, what they say is done.
    [[nodiscard]] double progress() const noexcept;

private:
    JobBoard(UniqueFd fd, std::size_t slots);

    UniqueFd fd_;
    std::span<Place> places_;
};

}  // namespace aiomisc::cli
