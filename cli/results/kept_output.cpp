// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/kept_output.h>

namespace aiomisc::cli {

void KeptOutput::clear() {
    for (std::optional<UnnamedFile>& file : files_) {
        if (file) {
            file->clear();
        }
    }
}

UnnamedFile& KeptOutput::file(OutputStream stream) {
    std::optional<UnnamedFile>& file = files_[static_cast<std::size_t>(stream)];
    if (!file) {
        file.emplace(directory_, where_, mode_);
    }
    return *file;
}

}  // namespace aiomisc::cli
