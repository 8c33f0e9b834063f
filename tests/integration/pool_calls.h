// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

// What calls in the tests of pools do. Each runs in a worker process.
namespace aiomisc::test::calls {

int square(int x);
pid_t process_id();
std::vector<std::uint8_t> echo(std::vector<std::uint8_t> bytes);

/// Marks on the board that the call with this number ran; returns the number.
std::uint32_t mark(std::uint32_t number);

/// Signs the board, then waits at the gate; returns the gate.
std::size_t sign_and_wait(std::size_t gate);

/// Signs the board, then sleeps until it is cancelled.
void sleep_until_cancelled();

/// Signs the board, then sleeps whatever happens.
void sleep_for_ever();

/// Signs the board, then computes whatever happens.
void spin_for_ever();

/// Starts a process in a session of its own that signs the board and sleeps, orphaned; returns once
/// it has signed.
void start_daemon();

/// The same, then sign_and_wait().
std::size_t start_daemon_and_wait(std::size_t gate);

void segfault();
void overflow_the_stack();
void touch_a_truncated_mapping();
int divide_by(int divisor);
void trap();
void call_abort();
void throw_from_noexcept();
void throw_in_a_thread();
void throw_while_unwinding();
void call_exit(int status);
void call_exit_at_once(int status);
void call_quick_exit(int status);
void execute_true();
void end_the_main_thread();
void kill_itself(int signal);
void use_up_cpu_limit();

/// Closes every descriptor but the standard ones, the channel included, and returns.
void close_descriptors();

/// The same, and then sleeps for ever.
void close_descriptors_and_sleep();

}  // namespace aiomisc::test::calls
