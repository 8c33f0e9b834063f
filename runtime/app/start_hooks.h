// SPDX-License-Identifier: MIT
#pragma once

namespace aiomisc::detail {

/// Has `hook` called by everything that begins a program: before threads and a loop exist, where
/// the caller keeps to that. For layers above that must act while the process has one thread.
/// Registering it again changes nothing.
///
/// Affinity:  before main(), or its thread.
void register_start_hook(void (*hook)());

/// Calls the hooks, in the order in which they were registered.
void call_start_hooks();

}  // namespace aiomisc::detail
