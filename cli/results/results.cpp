// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/results.h>

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/output/spill_file.h>
#include <aiomisc/cli/results/result_files.h>
#include <aiomisc/cli/results/result_layout.h>
#include <aiomisc/cli/results/result_table.h>
#include <aiomisc/cli/results/table_format.h>
#include <aiomisc/cli/template/text_template.h>

#include <utility>

namespace aiomisc::cli {

std::unique_ptr<Results> Results::open(
    const Options& options,
    const PlaceholderSet& placeholders,
    std::vector<std::string> item_names,
    const std::string& run_id) {
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
        if (TextTemplate(output.results, placeholders).has_placeholder()) {
            throw UsageError(
                "--results " + output.results +
                ": a name that ends so is that of one table for all jobs, and takes no "
                "placeholder");
        }
        auto table = std::make_unique<ResultTable>(
            output.results, std::move(format), spill_directory, output.add_to_results);
        table->name_items(std::move(item_names));
        return table;
    }
    ResultLayout layout(output.results, placeholders);
    layout.name_items(std::move(item_names));
    return std::make_unique<ResultFiles>(std::move(layout), 0666);
}

}  // namespace aiomisc::cli
