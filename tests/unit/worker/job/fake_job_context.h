// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/job/descriptor.h>

#include <vector>

namespace aiomisc::test {

/// A context that answers as it was told and remembers what it was told.
class FakeJobContext final : public JobContext {
public:
    void progress(double fraction) override { progressed.push_back(fraction); }

    [[nodiscard]] bool stop_requested() const override { return stop; }

    [[nodiscard]] int attempt() const override { return 2; }

    [[nodiscard]] std::uint64_t sequence() const override { return 17; }

    std::vector<double> progressed;
    bool stop = false;
};

}  // namespace aiomisc::test
