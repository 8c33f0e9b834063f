// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/output/output_assembler.h>
#include <aiomisc/cli/results/unnamed_file.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// What the current attempt of a job has printed, in files: a descriptor for each stream that
/// something was written to, and no memory.
class KeptOutput {
public:
    /// The files are made in `directory`, which must stay open, with `mode`.
    KeptOutput(int directory, std::string where, mode_t mode)
        : directory_(directory), where_(std::move(where)), mode_(mode) {}

    /// Errors: SystemError (the disk is full).
    void write(OutputStream stream, std::string_view bytes) { file(stream).append(bytes); }

    /// The attempt failed, and there will be another.
    void clear();

    /// The file of a stream, made now if nothing was written to it. Errors: SystemError.
    UnnamedFile& file(OutputStream stream);

    /// A further file beside them. Errors: SystemError.
    [[nodiscard]] UnnamedFile make_file() const { return {directory_, where_, mode_}; }

private:
    int directory_;
    std::string where_;
    mode_t mode_;
    std::array<std::optional<UnnamedFile>, 2> files_;
};

}  // namespace aiomisc::cli
