// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/resume/job_history.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

namespace aiomisc::cli {

/// Finds jobs by the list of their items: inputs may have been inserted, removed and put in another
/// order since. Lists are told apart by half of a SHA-256, so that nobody can choose the names of
/// files such that a job is taken for another.
///
/// A run that does not resume begins its jobs anew: of a list that it has, what the runs before
/// it say does not hold any more.
class HistoryByItems final : public JobHistory {
public:
    void begin_run(const LoggedRun& run) override;
    void add(const LoggedJob& job, std::uint64_t offset) override;

    Past take(const JobInput& input) override;
    [[nodiscard]] std::vector<PastFailure> failures() const override;

private:
    using Digest = std::array<unsigned char, 16>;

    struct DigestHash {
        std::size_t operator()(const Digest& digest) const noexcept {
            std::size_t part = 0;
            std::memcpy(&part, digest.data(), sizeof(part));
            return part;
        }
    };

    struct Jobs {
        std::uint32_t run = 0;  ///< the last one that did not resume and had such jobs
        std::uint32_t done = 0;
    };

    static Digest digest_of(const std::vector<std::string>& items);

    std::uint32_t run_ = 0;
    std::unordered_map<Digest, Jobs, DigestHash> jobs_;
    std::unordered_map<Digest, std::vector<PastFailure>, DigestHash> failures_;  // none is empty
};

}  // namespace aiomisc::cli
