// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace aiomisc::test {

using HelperBody = int (*)(std::span<const std::string> arguments);

/// Registers a helper; use AIOMISC_TEST_HELPER.
struct HelperRegistration {
    HelperRegistration(const char* name, HelperBody body);
};

/// Runs a helper and returns its exit code when this process was started as one; for main().
std::optional<int> run_helper(int argc, char** argv);

/// The command line that starts helper `name` of this executable.
std::vector<std::string> helper_command(
    const std::string& name, const std::vector<std::string>& arguments);

}  // namespace aiomisc::test

/// A helper process in the executable of the test that starts it:
///
///     AIOMISC_TEST_HELPER(echo_lines) {
///         for (std::string line; std::getline(std::cin, line);) std::cout << line << std::endl;
///         return 0;
///     }
///
/// `arguments` holds what Process::start_helper() was given; what the body returns is the exit
/// code.
#define AIOMISC_TEST_HELPER(name)                                                        \
    static int aiomisc_helper_##name(std::span<const std::string> arguments);            \
    static const ::aiomisc::test::HelperRegistration aiomisc_helper_registration_##name( \
        #name, &aiomisc_helper_##name);                                                  \
    static int aiomisc_helper_##name([[maybe_unused]] std::span<const std::string> arguments)
