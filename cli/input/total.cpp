// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/total.h>

#include <algorithm>
#include <functional>
#include <numeric>

namespace aiomisc::cli {

namespace {

/// Rows of each group of sources that `:::+` joined; with --link each source is one.
std::vector<std::uint64_t> rows_of_groups(
    const std::vector<SourceSpec>& sources, const InputOptions& options) {
    std::vector<std::uint64_t> rows;
    for (const SourceSpec& source : sources) {
        const std::uint64_t header = options.columns.header && !source.items.empty() ? 1 : 0;
        const std::uint64_t items = source.items.size() - header;
        if (source.linked && !options.link && !rows.empty()) {
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
    if (sources.empty() || !all_here || options.drop_blank || options.end_item || options.fill) {
        return std::nullopt;
    }
    const std::vector<std::uint64_t> groups = rows_of_groups(sources, options);
    const bool linked = options.link && std::ranges::count(groups, 0U) == 0;
    const std::uint64_t rows =
        linked
            ? *std::ranges::max_element(groups)
            : std::accumulate(groups.begin(), groups.end(), std::uint64_t{1}, std::multiplies<>());
    const std::uint64_t rows_per_job = std::max(options.items_per_job.value_or(1), 1U);
    return (rows + rows_per_job - 1) / rows_per_job;
}

std::optional<std::uint64_t> expected_total(const Options& options) {
    const auto known = known_total(options.sources, options.input);
    return known ? known : options.report.total;
}

}  // namespace aiomisc::cli
