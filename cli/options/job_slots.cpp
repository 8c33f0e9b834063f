// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/job_slots.h>

#include <aiomisc/cli/options/units.h>
#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

// The type of getrlimit's first parameter is an enum with glibc, an int elsewhere.
rlim_t soft_limit(decltype(RLIMIT_NOFILE) resource) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0) {
        return RLIM_INFINITY;
    }
    return limit.rlim_cur;
}

std::optional<JobSlots> slots_of_text(std::string_view text) {
    JobSlots slots{.relation = JobSlots::Relation::kExactly};
    if (text.starts_with('+')) {
        slots.relation = JobSlots::Relation::kMoreThan;
        text.remove_prefix(1);
    } else if (text.starts_with('-')) {
        slots.relation = JobSlots::Relation::kFewerThan;
        text.remove_prefix(1);
    } else if (text.ends_with('%')) {
        slots.relation = JobSlots::Relation::kPercent;
        text.remove_suffix(1);
    }
    const auto number = parse_count(text);
    if (!number || *number > 1'000'000) {
        return std::nullopt;
    }
    slots.number = static_cast<unsigned>(*number);
    return slots;
}

std::string first_word(int file) {
    // More than any number has, and than blanks before it.
    std::array<char, 256> bytes{};
    const ssize_t size = ::read(file, bytes.data(), bytes.size());
    std::istringstream content(
        std::string(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))));
    std::string word;
    content >> word;
    return word;
}

}  // namespace

unsigned JobSlots::count(unsigned cpus, unsigned unlimited) const noexcept {
    const auto wanted = [&]() -> double {
        switch (relation) {
            case Relation::kMoreThan:
                return static_cast<double>(cpus) + number;
            case Relation::kFewerThan:
                return static_cast<double>(cpus) - number;
            case Relation::kPercent:
                return std::round(cpus * (number / 100.0));
            case Relation::kExactly:
                break;
        }
        return number == 0 ? unlimited : number;
    };
    return static_cast<unsigned>(std::clamp<double>(wanted(), 1, kMaxSlots));
}

JobSlots parse_job_slots(std::string_view text) {
    if (const auto slots = slots_of_text(text)) {
        return *slots;
    }
    if (const auto slots = read_job_slots(std::string(text))) {
        return *slots;
    }
    throw UsageError(
        "expected a number of jobs: N, +N, -N or N% of the CPUs, 0, or a file that has one");
}

std::optional<JobSlots> read_job_slots(const std::string& file) {
    // Not to wait for who writes a FIFO: the run asks again and again.
    const UniqueFd content(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    struct stat status{};
    if (!content || ::fstat(content.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return std::nullopt;
    }
    auto slots = slots_of_text(first_word(content.get()));
    if (slots) {
        slots->file = file;
    }
    return slots;
}

unsigned slots_within_limits(bool keeps_output) {
    // A job costs up to four descriptors here (stdout, stderr, its watch, a spare), two more for
    // files of what it prints, and one process.
    constexpr rlim_t kReserved = 64;
    const rlim_t descriptors_per_job = keeps_output ? 6 : 4;
    const rlim_t descriptors = std::max(soft_limit(RLIMIT_NOFILE), kReserved) - kReserved;
    const rlim_t processes = std::max(soft_limit(RLIMIT_NPROC), kReserved) - kReserved;
    const rlim_t slots = std::min(descriptors / descriptors_per_job, processes);
    return static_cast<unsigned>(std::clamp<rlim_t>(slots, 1, JobSlots::kMaxSlots));
}

}  // namespace aiomisc::cli
