// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/job_slots.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/options/cpu_count.h>
#include <aiomisc/cli/options/usage_error.h>

#include <sched.h>
#include <sys/stat.h>

using namespace aiomisc::cli;

namespace {

unsigned slots(const char* text, unsigned cpus = 8) {
    return parse_job_slots(text).count(cpus, 500);
}

}  // namespace

TEST_CASE("option -j takes numbers, differences and percentages of the CPUs", "[cli][options]") {
    REQUIRE(JobSlots{}.count(8, 500) == 8);
    REQUIRE(slots("3") == 3);
    REQUIRE(slots("+2") == 10);
    REQUIRE(slots("-1") == 7);
    REQUIRE(slots("-20") == 1);
    REQUIRE(slots("50%") == 4);
    REQUIRE(slots("1%") == 1);
    REQUIRE(slots("150%", 2) == 3);
    REQUIRE(slots("0") == 500);
    REQUIRE(slots("999999") == 1024);
    REQUIRE(slots("+0") == 8);
    for (const char* text : {"", "x", "%", "+", "--1", "1.5", "+50%", "99999999999"}) {
        CAPTURE(text);
        REQUIRE_THROWS_AS(parse_job_slots(text), UsageError);
    }
}

TEST_CASE("option -j takes a file that says how many", "[cli][options]") {
    const aiomisc::test::TempDir dir;
    const std::string file = dir.write("jobs", " 3\n").string();
    const JobSlots slots_of_file = parse_job_slots(file);
    REQUIRE(slots_of_file.count(8, 500) == 3);
    REQUIRE(slots_of_file.file == file);
    dir.write("jobs", "50%");
    REQUIRE(read_job_slots(file)->count(8, 500) == 4);
    for (const char* content : {"", "x", "3x"}) {
        CAPTURE(content);
        dir.write("jobs", content);
        REQUIRE_FALSE(read_job_slots(file));
        REQUIRE_THROWS_AS(parse_job_slots(file), UsageError);
    }
    REQUIRE_FALSE(read_job_slots((dir / "none").string()));
    REQUIRE_FALSE(read_job_slots(dir.path().string()));
    // Nobody writes it, and nobody waits for that.
    const std::string fifo = (dir / "fifo").string();
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    REQUIRE_FALSE(read_job_slots(fifo));
    REQUIRE(parse_job_slots("3").file.empty());
}

TEST_CASE("as many jobs as the limits allow is a sane number", "[cli][options]") {
    REQUIRE(slots_within_limits() >= 1);
    REQUIRE(slots_within_limits() <= 1024);
}

TEST_CASE("the CPU count follows the affinity mask", "[cli][options]") {
    cpu_set_t before;
    REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
    int first = 0;
    while (!CPU_ISSET(first, &before)) {
        ++first;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
    const unsigned cpus = usable_cpus();
    REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
    REQUIRE(cpus == 1);
}

TEST_CASE("the smallest quota on the way up the control groups counts", "[cli][options]") {
    const aiomisc::test::TempDir dir;
    const auto membership = dir.write("cgroup", "0::/outer/inner\n");
    const auto root = dir / "root";
    REQUIRE_FALSE(cgroup_cpu_quota(membership, root));
    dir.write("root/outer/inner/cpu.max", "max 100000\n");
    REQUIRE_FALSE(cgroup_cpu_quota(membership, root));
    dir.write("root/outer/cpu.max", "150000 100000\n");
    REQUIRE(cgroup_cpu_quota(membership, root) == 1.5);
    dir.write("root/outer/inner/cpu.max", "300000 100000\n");
    REQUIRE(cgroup_cpu_quota(membership, root) == 1.5);
    dir.write("root/outer/inner/cpu.max", "50000 100000\n");
    REQUIRE(cgroup_cpu_quota(membership, root) == 0.5);
}

TEST_CASE("quotas of version 1 control groups count, too", "[cli][options]") {
    const aiomisc::test::TempDir dir;
    const auto membership = dir.write("cgroup", "5:cpuset:/a\n4:cpu,cpuacct:/box\nbroken\n");
    dir.write("root/cpu/box/cpu.cfs_quota_us", "-1\n");
    dir.write("root/cpu/box/cpu.cfs_period_us", "100000\n");
    REQUIRE_FALSE(cgroup_cpu_quota(membership, dir / "root"));
    dir.write("root/cpu/box/cpu.cfs_quota_us", "250000\n");
    REQUIRE(cgroup_cpu_quota(membership, dir / "root") == 2.5);
}
