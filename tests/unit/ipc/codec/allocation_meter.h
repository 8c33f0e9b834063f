// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace aiomisc::test {

/// Measures what this thread takes from operator new between its construction and the call.
///
/// Under a sanitizer what malloc() gives counts, too. One at a time per thread.
class AllocationMeter {
public:
    AllocationMeter() noexcept;

    /// The most bytes held at one time.
    [[nodiscard]] std::size_t peak_bytes() const noexcept;

    [[nodiscard]] std::size_t allocations() const noexcept;
};

}  // namespace aiomisc::test
