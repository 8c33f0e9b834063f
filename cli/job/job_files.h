// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace aiomisc::cli {

/// A file that is there for one job: `--tmpl`, filled in.
struct JobFile {
    std::string path;
    std::string text;
    mode_t mode = 0644;
};

/// `FILE=DST`, and what stood in FILE when it was read.
struct FileTemplate {
    std::string destination;  ///< a template itself
    std::string text;
    mode_t mode = 0644;
};

/// Reads FILE of `FILE=DST`. Errors: UsageError (no such words, FILE cannot be read).
FileTemplate read_file_template(std::string_view words);

/// Writes them, each as a whole or not at all: who looks sees the old one or the new one. Returns
/// the paths of those that were not there before.
/// Errors:    SystemError. None of them is left then that was not there before.
std::vector<std::string> write_job_files(const std::vector<JobFile>& files);

void remove_job_files(const std::vector<std::string>& paths) noexcept;

}  // namespace aiomisc::cli
