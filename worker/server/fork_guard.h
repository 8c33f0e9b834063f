// SPDX-License-Identifier: MIT
#pragma once

namespace aiomisc::detail {

/// Tells the worker from copies of it that a task forked.
///
/// A copy shares the channel and the memory with the parent, and would write results into both if
/// it came back from the function. Whether a process is a copy is asked after every call, so it
/// costs no system call: the answer lies in a page that the kernel clears in forked processes.
///
/// Affinity:  fork-child.
class ForkGuard {
public:
    ForkGuard() noexcept;
    ForkGuard(const ForkGuard&) = delete;
    ForkGuard& operator=(const ForkGuard&) = delete;
    ~ForkGuard();

    /// Ends the process at once if it is a copy.
    void end_if_copy() const noexcept {
        if (*mark_ == 0 || (process_id_ != 0 && is_other_process())) [[unlikely]] {
            end();
        }
    }

private:
    /// Where the kernel clears no pages (before 4.14).
    [[nodiscard]] bool is_other_process() const noexcept;
    [[noreturn]] static void end() noexcept;

    volatile char* mark_;
    int process_id_ = 0;  ///< asked for if not 0
    volatile char unclearable_mark_ = 1;
};

}  // namespace aiomisc::detail
