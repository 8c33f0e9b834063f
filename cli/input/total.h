// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/source_spec.h>
#include <aiomisc/cli/options/options.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace aiomisc::cli {

/// The number of jobs, if the command line alone tells it: all items stand there, and none is
/// dropped.
std::optional<std::uint64_t> known_total(
    const std::vector<SourceSpec>& sources, const InputOptions& options);

/// The same, or else what --total says.
std::optional<std::uint64_t> expected_total(const Options& options);

}  // namespace aiomisc::cli
