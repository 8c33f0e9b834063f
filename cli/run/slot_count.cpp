// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/slot_count.h>

#include <aiomisc/cli/options/cpu_count.h>

#include <cstdio>

#include <fmt/format.h>

#include <sys/resource.h>

namespace aiomisc::cli {

namespace {

void raise_limit_of_open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

}  // namespace

unsigned slots_of_run(const JobSlots& wanted, bool keeps_output) {
    raise_limit_of_open_files();
    const unsigned most = slots_within_limits(keeps_output);
    const unsigned slots = wanted.count(usable_cpus(), most);
    if (slots <= most) {
        return slots;
    }
    fmt::print(
        stderr,
        "aiomisc-run: running {} jobs at a time, not {}: the limits of open files and processes "
        "(ulimit -n, -u) allow no more\n",
        most,
        slots);
    return most;
}

}  // namespace aiomisc::cli
