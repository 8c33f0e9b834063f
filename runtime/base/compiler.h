// SPDX-License-Identifier: MIT
#pragma once

// GCC 12 and older destroy the temporaries of a co_await expression twice: heap corruption in user
// code that merely includes our headers. Stop here rather than miscompile.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#error \
    "aiomisc needs GCC 13 or newer, or clang 16 or newer: GCC 12 miscompiles coroutines (on Debian 12: apt-get install clang-19)"
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AIOMISC_ADDRESS_SANITIZER 1
#endif
#if __has_feature(thread_sanitizer)
#define AIOMISC_THREAD_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define AIOMISC_ADDRESS_SANITIZER 1
#endif
#if defined(__SANITIZE_THREAD__)
#define AIOMISC_THREAD_SANITIZER 1
#endif
