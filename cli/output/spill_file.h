// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// Output that does not fit in memory, of all jobs in one file.
///
/// The file has no name, so it is gone when we are, however we end. One descriptor, whatever the
/// number of jobs; what was printed is punched out, so the disk holds only what waits.
class SpillFile {
public:
    struct Extent {
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
    };

    /// The file is made in `directory` when it is needed.
    explicit SpillFile(std::string directory) : directory_(std::move(directory)) {}

    /// $TMPDIR, else /tmp.
    static std::string default_directory();

    /// Errors:    SystemError (no space: the output is incomplete).
    Extent append(std::string_view bytes);

    /// Reads the `size` bytes at `offset`. Errors: SystemError.
    void read(std::uint64_t offset, char* buffer, std::size_t size) const;

    /// Gives back the space of an extent that was read.
    void release(const Extent& extent) noexcept;

    /// Bytes appended and not released.
    [[nodiscard]] std::uint64_t live_bytes() const noexcept { return live_; }

private:
    void open();

    std::string directory_;
    UniqueFd fd_;
    std::uint64_t end_ = 0;
    std::uint64_t live_ = 0;
};

}  // namespace aiomisc::cli
