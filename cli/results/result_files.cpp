// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/result_files.h>

namespace aiomisc::cli {

ResultFiles::ResultFiles(ResultLayout layout, mode_t mode)
    : layout_(std::move(layout)), root_(layout_.root()), mode_(mode) {
    // Whether files can be made there is learned before the first job, not after it.
    static_cast<void>(keep().make_file());
}

std::string ResultFiles::commit(
    const JobInput& input, const JobSpec& job, const JobResult&, KeptOutput& kept) {
    ResultPlace place = layout_.place_of(input, job.slot);
    const UniqueFd directory = root_.open(place.folders);
    kept.file(OutputStream::kOut).link(directory.get(), place.out);
    if (!place.err.empty()) {
        kept.file(OutputStream::kErr).link(directory.get(), place.err);
    }
    if (!place.seq.empty()) {
        UnnamedFile seq = kept.make_file();
        seq.append(std::to_string(job.seq));
        seq.link(directory.get(), place.seq);
    }
    place.folders.push_back(place.out);
    return root_.path_of(place.folders);
}

}  // namespace aiomisc::cli
