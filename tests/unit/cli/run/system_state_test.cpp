// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/system_state.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <string>

using namespace aiomisc::cli;

namespace {

constexpr const char* kPlenty = "MemTotal:  9000000 kB\nMemFree:  1 kB\nMemAvailable:  1000 kB\n";

}  // namespace

TEST_CASE("processes that run or wait for a disk are counted without ourselves", "[cli][run]") {
    const aiomisc::test::TempDir dir;
    REQUIRE_FALSE(running_processes(dir.path()));
    dir.write("stat", "cpu 1 2 3\nctxt 5\nprocs_running 4\nprocs_blocked 2\n");
    REQUIRE(running_processes(dir.path()) == 5.0);
    dir.write("stat", "procs_running 1\nprocs_blocked 0\n");
    REQUIRE(running_processes(dir.path()) == 0.0);
    dir.write("stat", "procs_running x\n");
    REQUIRE_FALSE(running_processes(dir.path()));
    REQUIRE(running_processes());  // of this machine
}

TEST_CASE("available memory is what the machine has", "[cli][run]") {
    const aiomisc::test::TempDir dir;
    REQUIRE_FALSE(available_memory(dir / "proc", dir / "groups"));
    dir.write("proc/meminfo", kPlenty);
    REQUIRE(available_memory(dir / "proc", dir / "groups") == 1024000U);
    REQUIRE(available_memory());  // of this machine
}

TEST_CASE("available memory is no more than the control groups leave", "[cli][run]") {
    const aiomisc::test::TempDir dir;
    dir.write("proc/meminfo", kPlenty);
    dir.write("proc/self/cgroup", "0::/outer/inner\n");
    dir.write("groups/outer/inner/memory.max", "max\n");
    dir.write("groups/outer/inner/memory.current", "5000\n");
    REQUIRE(available_memory(dir / "proc", dir / "groups") == 1024000U);
    dir.write("groups/outer/memory.max", "10000\n");
    dir.write("groups/outer/memory.current", "9000\n");
    REQUIRE(available_memory(dir / "proc", dir / "groups") == 1000U);
    // What the kernel can drop is not used up.
    dir.write("groups/outer/memory.stat", "anon 1\ninactive_file 3000\n");
    REQUIRE(available_memory(dir / "proc", dir / "groups") == 4000U);
    dir.write("groups/outer/memory.current", "99999\n");
    dir.write("groups/outer/memory.stat", "inactive_file 0\n");
    REQUIRE(available_memory(dir / "proc", dir / "groups") == 0U);
}

TEST_CASE("available memory follows version 1 control groups, too", "[cli][run]") {
    const aiomisc::test::TempDir dir;
    dir.write("proc/meminfo", kPlenty);
    dir.write("proc/self/cgroup", "5:cpuset:/\n4:memory:/box\n0::/\n");
    dir.write("groups/memory/box/memory.limit_in_bytes", "7000\n");
    dir.write("groups/memory/box/memory.usage_in_bytes", "6000\n");
    dir.write("groups/memory/box/memory.stat", "inactive_file 1\ntotal_inactive_file 500\n");
    REQUIRE(available_memory(dir / "proc", dir / "groups") == 1500U);
}
