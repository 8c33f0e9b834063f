// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// The file of a table that grows by whole rows, of any length.
///
/// A row that cannot be written to its end is taken away again; what a killed run left of one goes
/// when the next run adds to the table. One run at a time: the file is locked.
class TableFile {
public:
    /// Where rows end: at each line end, or at those outside of double quotes (RFC 4180).
    enum class RowEnd { kLine, kUnquotedLine };

    /// Makes the folder of the file, and those above it, if it is not there.
    ///
    /// With `add`, the rows that are complete are to stay; without, none is. Until start() the file
    /// is left as it is.
    ///
    /// Errors: SystemError; Error (another run writes it, or it belongs to another user in a
    /// directory like /tmp).
    TableFile(std::string path, RowEnd row_end, bool add);

    /// Takes away what is not to stay. Errors: SystemError.
    void start();

    [[nodiscard]] bool empty() const noexcept { return row_start_ == 0; }

    /// Whether the file begins with these bytes. Errors: SystemError.
    [[nodiscard]] bool begins_with(std::string_view bytes) const;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Adds to the row that is being written.
    /// Errors: SystemError (the disk is full; nothing of the row is left).
    void write(std::string_view bytes);

    /// Ends the row. Errors: as write().
    void end_row();

    /// Takes away what was written of the row.
    void drop_row() noexcept;

private:
    void lock();
    void flush();
    [[nodiscard]] std::uint64_t end_of_rows(RowEnd row_end) const;
    std::size_t read(std::uint64_t offset, char* buffer, std::size_t size) const;

    std::string path_;
    UniqueFd fd_;
    std::string buffer_;
    std::uint64_t row_start_ = 0;  ///< the end of the complete rows
    std::uint64_t end_ = 0;
};

}  // namespace aiomisc::cli
