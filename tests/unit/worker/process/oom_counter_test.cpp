// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/oom_counter.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <string>

using aiomisc::process::OomCounter;
using aiomisc::test::TempDir;
using namespace std::chrono_literals;

namespace {

constexpr OomCounter::Clock::time_point kStart{1h};

void write_events(const TempDir& dir, int kills) {
    dir.write(
        "groups/box/memory.events",
        "low 0\noom 7\noom_kill " + std::to_string(kills) + "\noom_group_kill 9\n");
}

}  // namespace

TEST_CASE("each kill for lack of memory explains one death", "[F17]") {
    const TempDir dir;
    dir.write("proc/self/cgroup", "0::/box\n");
    write_events(dir, 3);
    OomCounter counter(dir / "proc", dir / "groups");
    REQUIRE_FALSE(counter.explains_death(kStart));  // those were before us
    write_events(dir, 5);
    REQUIRE(counter.explains_death(kStart));
    REQUIRE(counter.explains_death(kStart));
    REQUIRE_FALSE(counter.explains_death(kStart));
}

TEST_CASE("a kill for lack of memory does not explain what dies much later", "[F17]") {
    const TempDir dir;
    dir.write("proc/self/cgroup", "0::/box\n");
    write_events(dir, 0);
    OomCounter counter(dir / "proc", dir / "groups");
    write_events(dir, 2);
    REQUIRE(counter.explains_death(kStart));
    REQUIRE_FALSE(counter.explains_death(kStart + OomCounter::kFresh + 1s));
}

TEST_CASE("kills are counted in version 1 control groups and on the machine", "[F17]") {
    const TempDir dir;
    dir.write("proc/vmstat", "nr_free_pages 1\noom_kill 4\n");
    OomCounter machine(dir / "proc", dir / "groups");
    dir.write("proc/vmstat", "nr_free_pages 1\noom_kill 5\n");
    REQUIRE(machine.explains_death(kStart));
    dir.write("proc/self/cgroup", "4:memory:/box\n");
    dir.write("groups/memory/box/memory.oom_control", "under_oom 0\noom_kill 0\n");
    OomCounter group(dir / "proc", dir / "groups");
    dir.write("proc/vmstat", "oom_kill 9\n");
    REQUIRE_FALSE(group.explains_death(kStart));  // somebody else's
    dir.write("groups/memory/box/memory.oom_control", "under_oom 0\noom_kill 1\n");
    REQUIRE(group.explains_death(kStart));
}

TEST_CASE("where nobody counts there is no suspicion", "[F17]") {
    const TempDir dir;
    OomCounter counter(dir / "proc", dir / "groups");
    REQUIRE_FALSE(counter.explains_death(kStart));
}
