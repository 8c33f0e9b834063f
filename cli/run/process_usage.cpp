// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/process_usage.h>

#include <aiomisc/runtime/base/unique_fd.h>

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

namespace aiomisc::cli {

namespace {

rusage usage_of(int who) {
    rusage usage{};
    ::getrusage(who, &usage);
    return usage;
}

std::chrono::microseconds time_between(const timeval& begin, const timeval& end) {
    return std::chrono::seconds(end.tv_sec - begin.tv_sec) +
           std::chrono::microseconds(end.tv_usec - begin.tv_usec);
}

/// Makes the kernel forget how large this process once was; see proc(5). Where that is not allowed,
/// the peak is that of the process so far.
void reset_peak_rss() {
    // Kept open: it is this process's own, which is asked before every job.
    static const UniqueFd file(::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC));
    [[maybe_unused]] const auto written = file ? ::write(file.get(), "5", 1) : 0;
}

}  // namespace

UsageMeter::UsageMeter() {
    reset_peak_rss();
    own_ = usage_of(RUSAGE_SELF);
    children_ = usage_of(RUSAGE_CHILDREN);
}

ResourceUsage UsageMeter::usage() const {
    const rusage own = usage_of(RUSAGE_SELF);
    const rusage children = usage_of(RUSAGE_CHILDREN);
    ResourceUsage usage;
    usage.user = time_between(own_.ru_utime, own.ru_utime) +
                 time_between(children_.ru_utime, children.ru_utime);
    usage.system = time_between(own_.ru_stime, own.ru_stime) +
                   time_between(children_.ru_stime, children.ru_stime);
    // The peak of all children ever waited for: of ours, if it has grown.
    const bool children_grew = children.ru_maxrss > children_.ru_maxrss;
    const long peak = children_grew ? std::max(own.ru_maxrss, children.ru_maxrss) : own.ru_maxrss;
    usage.max_rss_kib = static_cast<std::uint64_t>(peak);
    return usage;
}

}  // namespace aiomisc::cli
