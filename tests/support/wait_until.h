// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/compiler.h>

#include <chrono>
#include <functional>

namespace aiomisc::test {

using Milliseconds = std::chrono::milliseconds;

/// Instrumented programs are slower: a limit in a test is multiplied by this. A limit only decides
/// when to give up on something that must happen anyway, so a generous one costs a passing test
/// nothing.
#if defined(AIOMISC_ADDRESS_SANITIZER) || defined(AIOMISC_THREAD_SANITIZER)
inline constexpr int kPatience = 5;
#else
inline constexpr int kPatience = 1;
#endif

/// Asks `condition` again and again until it holds or `limit` (times kPatience) has passed; returns
/// its last answer. For what gives no event to wait for, like the death of a process that is not
/// our child.
bool wait_until(const std::function<bool()>& condition, Milliseconds limit);

}  // namespace aiomisc::test
