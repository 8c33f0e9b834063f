// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace aiomisc::cli {

/// A signal asked us to stop before there was a run. No std::exception: what handles errors must
/// not take it for one.
struct StoppedBySignal {
    int signal;
};

/// The signals that stop us. What nohup(1) made deaf to a hangup stays so.
std::vector<int> stop_signals();

/// Those, and the others that a run of jobs answers: SIGUSR1, SIGUSR2, and SIGTSTP unless whoever
/// started us made us deaf to it.
std::vector<int> signals_of_run();

/// From now on a reader of our output that has seen enough ends this process by SIGPIPE, as it
/// would any other filter. For what prints alone: a run of jobs learns of it from EPIPE, and ends
/// them.
void end_with_reader();

/// Ends this process as the signal would have, so that shells and make(1) stop as well.
[[noreturn]] void die_of(int signal);

/// The same at once, for a handler of that signal. With us goes the lifeline of the supervisors:
/// they kill everything.
void die_in_handler(int signal);

}  // namespace aiomisc::cli
