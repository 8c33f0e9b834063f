// SPDX-License-Identifier: MIT
#include <aiomisc/job.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

static int count_lines(const std::filesystem::path& file, std::size_t longest) {
    std::ifstream text(file);
    if (!text) {
        throw std::runtime_error("cannot read " + file.string());
    }
    int lines = 0;
    for (std::string line; std::getline(text, line); ++lines) {
        if (line.size() > longest) {
            return 2;
        }
    }
    std::printf("%s: %d lines\n", file.c_str(), lines);
    return 0;
}

AIOMISC_JOB(
    count_lines,
    about("Counts the lines of a text file; fails if one is too long."),
    param("file", "the text file"),
    param("longest", "how long a line may be") = 100)
