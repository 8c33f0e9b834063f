// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/result_files.h>

#include <aiomisc/cli/report/printable.h>
#include <aiomisc/runtime/base/error.h>

#include <string>
#include <vector>

#include <fmt/format.h>

namespace aiomisc::cli {

ResultFiles::ResultFiles(ResultLayout layout, mode_t mode)
    : layout_(std::move(layout)), root_(layout_.root()), mode_(mode), seq_files_(probe()) {}

// Whether files can be made there is learned before the first job, not after it.
SeqFiles ResultFiles::probe() const {
    UnnamedFile file = keep().make_file();
    return SeqFiles(file);
}

void ResultFiles::check_free(const ResultPlace& place, int directory, std::uint64_t seq) const {
    const auto other = seq_files_.job_of(directory, place.seq);
    if (other && *other != seq) {
        std::vector<std::string> path = place.folders;
        path.push_back(place.out);
        throw Error(fmt::format(
            "--results: job {} would replace what job {} printed, {}; with {{#}} in the name each "
            "job has files of its own",
            seq,
            *other,
            printable(root_.path_of(path))));
    }
}

std::string ResultFiles::commit(
    const JobInput& input, const JobSpec& job, const JobResult&, KeptOutput& kept) {
    ResultPlace place = layout_.place_of(input, job.slot);
    const UniqueFd directory = root_.open(place.folders);
    if (!place.distinct) {
        check_free(place, directory.get(), job.seq);
    }
    kept.file(OutputStream::kOut).link(directory.get(), place.out);
    if (!place.err.empty()) {
        kept.file(OutputStream::kErr).link(directory.get(), place.err);
    }
    if (!place.seq.empty()) {
        seq_files_.link(kept.make_file(), job.seq, directory.get(), place.seq);
    }
    place.folders.push_back(place.out);
    return root_.path_of(place.folders);
}

}  // namespace aiomisc::cli
