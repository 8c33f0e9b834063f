// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aiomisc::process {

/// The last words of a worker, in memory that it shares with the parent: lines of text, appended by
/// whatever finds the process about to die, and read by the parent after it has.
class CrashNote {
public:
    static constexpr std::size_t kCapacity = 1024 - sizeof(std::uint32_t);

    /// Adds text; what no longer fits is cut off. Affinity: any thread, signal-safe.
    void append(std::string_view text) noexcept;

    /// Adds a number in decimal, or in hexadecimal with 0x. Affinity: any thread, signal-safe.
    void append_number(std::uint64_t number, unsigned base = 10) noexcept;

    /// What was written, without control characters but newlines, and without the last newline. The
    /// writer is not trusted: it may be any process that has the page, and it may have died in the
    /// middle.
    [[nodiscard]] std::string text() const;

private:
    std::atomic<std::uint32_t> length_{0};
    std::array<char, kCapacity> text_{};
};

static_assert(sizeof(CrashNote) == 1024);

/// In a worker: makes the process leave a note when it dies of a signal that reports an error
/// (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGXCPU) or of std::terminate, which
/// names the exception.
///
/// The handler runs on a stack of its own, so a stack overflow of the main thread is reported as
/// well. It writes out what stdout has buffered, then lets the signal take its normal course: the
/// process still dies of it. With AddressSanitizer, that reports first, and then the process dies
/// of the signal. A child that the worker forks leaves no note: the page is the worker's.
///
/// Affinity: fork-child. `note` must stay for good.
void install_crash_handlers(CrashNote& note);

}  // namespace aiomisc::process
