// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/results/results.h>
#include <aiomisc/cli/results/table_file.h>
#include <aiomisc/cli/results/table_format.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace aiomisc::cli {

/// One table with a row for each job.
class ResultTable final : public Results {
public:
    /// Output waits in `spill_directory` until the job has ended. With `add`, rows are added to
    /// those that are there.
    ///
    /// Errors: those of TableFile; SystemError (there is no such directory).
    ResultTable(
        std::string path,
        std::unique_ptr<TableFormat> format,
        const std::string& spill_directory,
        bool add);

    /// Names of the items by position (--header), for the columns that are V1, V2, … else.
    void name_items(std::vector<std::string> names) { item_names_ = std::move(names); }

    void start() override { file_.start(); }

    /// Writes the header, with as many columns as the first job has items. A job with fewer leaves
    /// the last ones empty.
    /// Errors: Error (the table that is there has other columns; the job has more items).
    void begin(const JobInput& input) override;

    [[nodiscard]] KeptOutput keep() const override;

    std::string commit(
        const JobInput& input,
        const JobSpec& job,
        const JobResult& result,
        KeptOutput& kept) override;

private:
    void check_width(const JobInput& input) const;

    std::unique_ptr<TableFormat> format_;
    TableFile file_;
    std::string spill_directory_;
    UniqueFd spill_fd_;
    std::vector<std::string> item_names_;
    std::optional<std::size_t> columns_;  ///< for items
};

}  // namespace aiomisc::cli
