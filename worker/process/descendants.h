// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>

#include <optional>
#include <vector>

#include <sys/types.h>

// Finding and signalling processes that nobody registered with us: what tasks and commands left
// behind.
//
// A process whose parent dies is given to the nearest ancestor that is a subreaper. Workers and
// commands are subreapers, so their descendants stay below them while they live, however they
// detached themselves. When one dies, they become children of the supervisor: its children that it
// does not know are leftovers of the dead.
namespace aiomisc::process {

/// The children of a process, of all its threads; nothing when /proc does not tell.
std::optional<std::vector<pid_t>> children_of(pid_t pid);

/// The children of this process, which has one thread.
std::optional<std::vector<pid_t>> own_children();

/// Whether this process has any child, running or not yet reaped.
bool has_children() noexcept;

/// Kills the children of this process for which `is_known` is false.
///
/// This process must be their only reaper and not reap meanwhile, so that none of the ids is
/// recycled. Returns how many there are; nothing when /proc does not tell.
std::optional<std::size_t> kill_unknown_children(UniqueFunction<bool(pid_t)> is_known);

/// Sends a signal to a child of this process and to all its descendants, parents before children.
///
/// A descendant is reaped by others at any time and its id may pass to a stranger: each is held by
/// a descriptor and checked to be still the child of the process it was found under before it gets
/// the signal.
void signal_tree(pid_t root, int signal);

}  // namespace aiomisc::process
