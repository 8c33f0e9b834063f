// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/results/table_file.h>
#include <aiomisc/cli/results/unnamed_file.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// A row of the table of results.
struct TableRow {
    const JobSpec& job;
    const JobResult& result;
    const UnnamedFile& out;
    const UnnamedFile& err;
};

/// How rows are written.
class TableFormat {
public:
    TableFormat() = default;
    TableFormat(const TableFormat&) = delete;
    TableFormat& operator=(const TableFormat&) = delete;
    virtual ~TableFormat() = default;

    /// By the end of the file's name: `.csv`, `.tsv`, `.jsonl` or `.json`; else null.
    static std::unique_ptr<TableFormat> of(std::string_view path);

    [[nodiscard]] virtual TableFile::RowEnd row_end() const noexcept = 0;

    /// The first row, with its end, for items with these names; empty if there is none.
    [[nodiscard]] virtual std::string header(const std::vector<std::string>& items) const = 0;

    /// Writes a row and its end: of any length, in little memory. `items` is how many columns the
    /// header has for them, at least as many as the job has.
    /// Errors: SystemError.
    virtual void write(TableFile& file, const TableRow& row, std::size_t items) const = 0;
};

/// GNU parallel's columns, quoted as RFC 4180 has it.
class SeparatedFormat final : public TableFormat {
public:
    explicit SeparatedFormat(char separator) : separator_(separator) {}

    [[nodiscard]] TableFile::RowEnd row_end() const noexcept override {
        return TableFile::RowEnd::kUnquotedLine;
    }

    [[nodiscard]] std::string header(const std::vector<std::string>& items) const override;
    void write(TableFile& file, const TableRow& row, std::size_t items) const override;

private:
    char separator_;
};

/// An object on each line, with GNU parallel's keys. What is not UTF-8 has `_b64` behind its key.
class JsonFormat final : public TableFormat {
public:
    [[nodiscard]] TableFile::RowEnd row_end() const noexcept override {
        return TableFile::RowEnd::kLine;
    }

    [[nodiscard]] std::string header(const std::vector<std::string>&) const override { return {}; }

    void write(TableFile& file, const TableRow& row, std::size_t items) const override;
};

}  // namespace aiomisc::cli
