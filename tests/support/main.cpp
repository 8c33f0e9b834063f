// SPDX-License-Identifier: MIT

// The main() of every test executable: runs Catch2's session, or one helper of helper.h when a test
// started its own executable again. A leak that leak_audit found fails the run.

#define CATCH_CONFIG_RUNNER  // NOLINT(readability-identifier-naming): Catch2 2 asks for this name

#include "support/catch.h"
#include "support/helper.h"
#include "support/leak_audit.h"

int main(int argc, char** argv) {
    if (const auto status = aiomisc::test::run_helper(argc, argv)) {
        return *status;
    }
    const int result = Catch::Session().run(argc, argv);
    return result == 0 && aiomisc::test::leak_audit::leaky_cases() > 0 ? 1 : result;
}
