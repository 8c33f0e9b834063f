// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// Settings from environment variables. A variable that is empty counts as not set.
///
/// Errors:    ConfigError (the variable makes no sense; carries its name).
/// Affinity:  any thread, as long as nobody changes the environment.
namespace aiomisc::environment {

[[nodiscard]] std::optional<std::string> text(const char* variable);

/// True: `1 true yes on enable enabled`; false: `0 false no off disable disabled`; in any case.
[[nodiscard]] std::optional<bool> boolean(const char* variable);

[[nodiscard]] std::optional<std::uint64_t> number(const char* variable);

/// A number of seconds, such as `0.2`; not negative.
[[nodiscard]] std::optional<double> seconds(const char* variable);

}  // namespace aiomisc::environment
