// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/table_format.h>

namespace aiomisc::cli {

std::unique_ptr<TableFormat> TableFormat::of(std::string_view path) {
    if (path.ends_with(".csv")) {
        return std::make_unique<SeparatedFormat>(',');
    }
    if (path.ends_with(".tsv")) {
        return std::make_unique<SeparatedFormat>('\t');
    }
    if (path.ends_with(".jsonl") || path.ends_with(".json")) {
        return std::make_unique<JsonFormat>();
    }
    return nullptr;
}

}  // namespace aiomisc::cli
