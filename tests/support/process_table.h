// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace aiomisc::test {

/// Pids of all live processes (zombies not counted) whose environment has `token` in it, ours
/// excluded.
///
/// A process that is just executing another program has none for a moment, so ask with wait_until()
/// for what must appear. The environment is the one a process was started with: what was forked
/// shares it, what was executed with another one does not. Set `NAME=unique` for the first process
/// and look for that.
std::vector<pid_t> pids_with_environ_token(const std::string& token);

/// Whether `pid` exists and is not a zombie.
bool is_running(pid_t pid);

}  // namespace aiomisc::test
