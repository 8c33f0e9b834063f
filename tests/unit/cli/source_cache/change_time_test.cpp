// SPDX-License-Identifier: MIT
#include <aiomisc/cli/source_cache/change_time.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/source_cache/manifest.h>

#include <cstdint>

using namespace aiomisc::cli;
using aiomisc::test::TempDir;

TEST_CASE("a change of a file is known to be before or after a moment", "[cli][source_cache]") {
    const TempDir dir;
    const auto changed = [&](const char* content) {
        return describe_dependency(dir.write("x.h", content).string()).changed_ns;
    };
    for (int turn = 0; turn < 50; ++turn) {
        CAPTURE(turn);
        const std::int64_t before = changed("one");
        const std::int64_t moment = change_time_now();
        REQUIRE_FALSE(changed_before(changed("two"), moment));
        // Where only seconds are kept, one would have to pass.
        REQUIRE((before % 1'000'000'000 == 0 || changed_before(before, moment)));
    }
}

TEST_CASE("what only a coarser clock tells apart is in doubt", "[cli][source_cache]") {
    constexpr std::int64_t kSecond = 1'000'000'000;
    constexpr std::int64_t kMoment = 1001 * kSecond + 500;
    REQUIRE(changed_before(kMoment - 1, kMoment));
    REQUIRE_FALSE(changed_before(kMoment, kMoment));
    REQUIRE_FALSE(changed_before(kMoment + 1, kMoment));
    REQUIRE_FALSE(changed_before(1001 * kSecond, kMoment));
    REQUIRE_FALSE(changed_before(1000 * kSecond, kMoment));
    REQUIRE(changed_before(998 * kSecond, kMoment));
}
