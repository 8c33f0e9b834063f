// SPDX-License-Identifier: MIT
#pragma once

#include "support/wait_until.h"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace aiomisc::test {

/// Stress tests do this part of their rounds under a sanitizer: a process costs ten times as much
/// to fork there, and the full number runs in every other build.
inline constexpr std::uint32_t kSlowdown = kPatience == 1 ? 1 : 20;

/// What AIOMISC_TEST_SEED says, or `otherwise`: the same choices every time.
inline std::uint32_t seed_of_run(std::uint32_t otherwise) {
    const char* given = std::getenv("AIOMISC_TEST_SEED");  // NOLINT(concurrency-mt-unsafe)
    const std::string_view text(given == nullptr ? "" : given);
    std::uint32_t seed = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), seed);
    return seed;
}

}  // namespace aiomisc::test
