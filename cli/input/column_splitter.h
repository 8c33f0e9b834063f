// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/row.h>
#include <aiomisc/cli/input/source_spec.h>

#include <memory>
#include <string>

namespace aiomisc::cli {

/// Cuts an item into columns.
class ColumnSplitter {
public:
    ColumnSplitter() = default;
    ColumnSplitter(const ColumnSplitter&) = delete;
    ColumnSplitter& operator=(const ColumnSplitter&) = delete;
    virtual ~ColumnSplitter() = default;

    /// Never none; an empty item is one empty column.
    ///
    /// Errors:    Error (quotes that do not fit; the text says in which column).
    [[nodiscard]] virtual Row split(const std::string& item) const = 0;

    /// What the options ask for: CSV, a regular expression, or, for a header alone, tabs. None if
    /// items are not cut.
    ///
    /// Errors:    UsageError (the separator is none).
    static std::unique_ptr<ColumnSplitter> make(const ColumnOptions& options);
};

/// Errors:    UsageError (--colsep is not one character).
char csv_separator(const ColumnOptions& options);

}  // namespace aiomisc::cli
