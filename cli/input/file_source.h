// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/item_source.h>
#include <aiomisc/cli/input/record_splitter.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <optional>
#include <string>

namespace aiomisc::cli {

/// Items from a file, a pipe or a terminal.
///
/// Reads 64 KiB at a time, and only when no complete item is buffered, so a million waiting lines
/// stay where they are. A pipe or terminal is asked with poll() before each read and never made
/// non-blocking: that flag would be shared with whoever else has it open.
class FileSource final : public ItemSource {
public:
    /// Opens `path`; "-" is standard input.
    ///
    /// Errors:    SystemError (it cannot be opened, or is a directory).
    static std::unique_ptr<FileSource> open(
        const std::string& path, char delimiter, std::optional<CsvScanner> csv = {});

    /// Takes over an open descriptor; `name` is for messages. With `csv` a delimiter between quotes
    /// ends no item.
    FileSource(UniqueFd fd, std::string name, char delimiter, std::optional<CsvScanner> csv = {});

    Pull next(std::string& item) override;

    [[nodiscard]] std::string where() const override;

    [[nodiscard]] int wait_fd() const noexcept override { return fd_.get(); }

private:
    bool would_block() const;
    void read_some();

    UniqueFd fd_;
    std::string name_;
    char delimiter_;
    RecordSplitter splitter_;
    bool may_block_ = true;
};

}  // namespace aiomisc::cli
