// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/column_splitter.h>
#include <aiomisc/cli/input/row_source.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// The items of a source, each of them cut into columns.
///
/// With a header, the first item names the columns and all rows are as wide as it is: those that
/// are shorter get empty columns.
class ColumnRows final : public RowSource {
public:
    ColumnRows(
        std::unique_ptr<ItemSource> items, std::unique_ptr<ColumnSplitter> splitter, Trim trim);

    /// Takes the first item for the header. Waits for it: nothing can start before the names are
    /// known, since they say what is a placeholder.
    ///
    /// Errors:    as next().
    void read_header();

    /// Errors:    those of the source; Error (quotes that do not fit, or a row wider than the
    ///            header; names the place).
    Pull next(Row& row) override;

    [[nodiscard]] int wait_fd() const noexcept override { return items_->wait_fd(); }

    [[nodiscard]] std::size_t width() const noexcept override {
        return names_ ? names_->size() : 0;
    }

    void append_names(std::vector<std::string>& names) const override;

private:
    [[nodiscard]] Row split(const std::string& item) const;
    void fit(Row& row) const;

    std::unique_ptr<ItemSource> items_;
    std::unique_ptr<ColumnSplitter> splitter_;
    Trim trim_;
    std::optional<Row> names_;
};

}  // namespace aiomisc::cli
