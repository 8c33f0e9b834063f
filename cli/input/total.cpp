// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/total.h>

#include <algorithm>
#include <functional>
#include <numeric>

namespace aiomisc::cli {

namespace {

/// Rows of each group of sources that `:::+` joined; with --link each source is one.
std::vector<std::uint64_t> rows_of_groups(const std::vector<SourceSpec>& sources, bool link) {
    std::vector<std::uint64_t> rows;
    for (const SourceSpec& source : sources) {
        const std::uint64_t items = source.items.size();
        if (source.linked && !link && !rows.empty()) {
            rows.back() = std::min(rows.back(), items);
        } else {
            rows.push_back(items);
        }
    }
    return rows;
}

}  // namespace

std::optional<std::uint64_t> known_total(
    const std::vector<SourceSpec>& sources, const InputOptions& options) {
    const bool all_here = std::ranges::all_of(
        sources, [](const SourceSpec& source) { return source.kind == SourceSpec::Kind::kItems; });
    if (sources.empty() || !all_here || options.drop_blank || options.end_item) {
        return std::nullopt;
    }
    const std::vector<std::uint64_t> groups = rows_of_groups(sources, options.link);
    const std::uint64_t rows =
        options.link
            ? *std::ranges::max_element(groups)
            : std::accumulate(groups.begin(), groups.end(), std::uint64_t{1}, std::multiplies<>());
    const std::uint64_t rows_per_job = std::max(options.items_per_job, 1U);
    return (rows + rows_per_job - 1) / rows_per_job;
}

}  // namespace aiomisc::cli
