// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/results.h>

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/output/spill_file.h>
#include <aiomisc/cli/results/result_files.h>
#include <aiomisc/cli/results/result_layout.h>
#include <aiomisc/cli/results/result_table.h>
#include <aiomisc/cli/results/table_format.h>

#include <utility>

namespace aiomisc::cli {

std::unique_ptr<Results> Results::open(
    const Options& options, const PlaceholderSet& placeholders, const std::string& run_id) {
    const OutputOptions& output = options.output;
    const std::string spill_directory =
        output.spill_directory.empty() ? SpillFile::default_directory() : output.spill_directory;
    if (output.results.empty()) {
        if (!output.print_file_names) {
            return nullptr;
        }
        return std::make_unique<ResultFiles>(
            ResultLayout::temporary(spill_directory, run_id), 0600);
    }
    if (auto format = TableFormat::of(output.results)) {
        return std::make_unique<ResultTable>(
            output.results, std::move(format), spill_directory, output.add_to_results);
    }
    return std::make_unique<ResultFiles>(ResultLayout(output.results, placeholders), 0666);
}

}  // namespace aiomisc::cli
