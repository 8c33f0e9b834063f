// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <cstddef>
#include <initializer_list>

#include <sys/types.h>

// What a freshly forked process does to become one of ours. Everything here is for single-threaded
// children between fork and their own main loop. Affinity: fork-child.
namespace aiomisc::process {

/// fork() for our single-threaded processes: no pthread_atfork() handler runs.
///
/// Handlers are those that libraries registered in the program we were forked from, libuv's among
/// them: in every child it closes the descriptors of its signal pipe, whose numbers belong to
/// something else since we closed what we inherited. Affinity: fork-child.
pid_t fork_without_handlers() noexcept;

/// The name that ps and top show: 15 characters.
void set_process_name(const char* name) noexcept;

/// Closes every descriptor but 0, 1, 2 and those in `keep`.
void close_descriptors_except(std::initializer_list<int> keep) noexcept;

/// Closes every descriptor but 0, 1 and 2, and touches no memory. For between vfork and exec.
void close_descriptors_above_standard() noexcept;

/// Every signal back to its default, but SIGPIPE ignored: our processes learn of a closed pipe from
/// EPIPE. AddressSanitizer gets back those by which it reports crashes. What is blocked stays so.
void reset_signals() noexcept;

/// No signal is blocked any more.
void unblock_signals() noexcept;

/// From now on exit() runs only what is registered after this; stdio is flushed. What was
/// registered before belongs to the process this one was forked from. (Only with glibc.)
void skip_inherited_exit_handlers() noexcept;

/// Makes stdin empty: the parent's terminal or pipe is for the parent to read. Where stdout or
/// stderr is closed, a file opened later would take its number, and get what is printed; /dev/null
/// takes it first.
void detach_standard_descriptors() noexcept;

/// The same file under a number that detach_standard_descriptors() leaves alone. Empty if there is
/// none.
UniqueFd move_above_standard(UniqueFd fd) noexcept;

/// Forgets what the process this one was forked from had buffered for stdout and stderr, but not
/// yet written: that process will write it itself.
void discard_inherited_output() noexcept;

/// Writes out stdio and the standard streams: before a fork, so that children inherit nothing
/// pending.
void flush_output() noexcept;

/// How many threads this process has, 0 if the system does not tell.
std::size_t thread_count() noexcept;

/// Of this process, and of those it forks.
void become_subreaper() noexcept;

/// What /proc/self/oom_score_adj says, 0 if nothing.
int oom_score_adjust() noexcept;

/// Likely to be refused to the unprivileged for values below the inherited one; then nothing
/// happens.
void set_oom_score_adjust(int value) noexcept;

/// Makes `file`, unless it is empty, the stdin, stdout or stderr of this process. False with errno
/// set if it is refused.
bool redirect(const UniqueFd& file, int standard_fd) noexcept;

/// Adds to the niceness; refused to the unprivileged for negative values, and then nothing happens.
void be_nice(int increment) noexcept;

/// Kills this process when `parent`, which forked it, dies; ends it at once when that has happened
/// already. `parent` must be single-threaded: the kernel ties the request to the thread that
/// forked.
void die_with_parent(int parent) noexcept;

/// Takes die_with_parent() back.
void stay_without_parent() noexcept;

}  // namespace aiomisc::process
