// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/collected_jobs.h>

#include <aiomisc/runtime/base/error.h>

#include <random>
#include <utility>

namespace aiomisc::cli {

void CollectedJobs::add(JobInput input) {
    std::size_t bytes = sizeof(JobInput);
    for (const std::string& item : input.items) {
        bytes += sizeof(std::string) + item.size();
    }
    if (bytes > left_) {
        throw Error(
            "--shuf and {##} keep all items in memory, and these take more than 1 GiB; with "
            "--total N the items need not be read to the end for {##}");
    }
    left_ -= bytes;
    inputs_.push_back(std::move(input));
}

void CollectedJobs::shuffle(std::uint64_t seed) {
    // By hand, since std::shuffle() may give another order with another library.
    std::mt19937_64 random(seed);
    for (std::size_t left = inputs_.size(); left > 1; --left) {
        std::swap(inputs_[left - 1], inputs_[random() % left]);
    }
}

bool CollectedJobs::next(JobInput& input) {
    if (at_ == inputs_.size()) {
        return false;
    }
    input = std::move(inputs_[at_++]);
    return true;
}

}  // namespace aiomisc::cli
