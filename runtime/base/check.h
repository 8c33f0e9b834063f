// SPDX-License-Identifier: MIT
#pragma once

#include <source_location>

namespace aiomisc::detail {

/// Writes `file:line: check failed: text` to stderr and aborts. Signal-safe.
[[noreturn]] void check_failed(const char* text, std::source_location where) noexcept;

}  // namespace aiomisc::detail

/// Aborts with file and line when `condition` is false: for errors of the programmer, which are not
/// exceptions.
#define AIOMISC_CHECK(condition, text)                                                \
    do {                                                                              \
        if (!(condition)) [[unlikely]] {                                              \
            ::aiomisc::detail::check_failed(text, ::std::source_location::current()); \
        }                                                                             \
    } while (false)

/// AIOMISC_CHECK in debug builds, nothing otherwise.
#ifdef NDEBUG
#define AIOMISC_DCHECK(condition, text) static_cast<void>(0)
#else
#define AIOMISC_DCHECK(condition, text) AIOMISC_CHECK(condition, text)
#endif
