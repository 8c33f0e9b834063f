// SPDX-License-Identifier: MIT
// Blocking code beside a loop: functions and iterators in threads, and a thread that asks the loop.
//
//     threads FILE…
#include <aiomisc/aiomisc.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace fs = std::filesystem;

/// Blocks, and so runs in a thread of the loop's pool.
std::size_t size_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary | std::ios::ate);
    if (!stream) {
        throw std::system_error(errno, std::generic_category(), file.filename().string());
    }
    return static_cast<std::size_t>(stream.tellg());
}

/// Gives away one line after the other; blocked while enough of them wait.
void read_lines(aiomisc::Yield<std::string>& yield, const fs::path& file) {
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);) {
        yield(line);
    }
}

/// Runs in the loop, whoever asks.
aiomisc::Task<std::string> verdict(std::size_t longest) {
    co_await aiomisc::sleep(std::chrono::milliseconds(1));
    co_return longest > 50 ? "wide" : "narrow";
}

/// Runs in a thread, and has the loop answer.
std::string describe(const fs::path& file, std::size_t bytes, std::size_t longest) {
    const std::string kind = aiomisc::sync_await(verdict, longest);
    return file.filename().string() + ": " + std::to_string(bytes) + " bytes, " + kind;
}

aiomisc::Task<std::size_t> longest_line(fs::path file) {
    const auto lines_of = aiomisc::threaded_iterable(read_lines, {.max_size = 8});
    std::size_t longest = 0;
    auto lines = lines_of(file);
    while (auto line = co_await lines.next()) {
        longest = std::max(longest, line->size());
    }
    co_return longest;
}

aiomisc::Task<int> amain(std::vector<fs::path> files) {
    const auto size = aiomisc::threaded(size_of);
    int failed = 0;
    for (const auto& file : files) {
        try {
            auto [bytes, longest] = co_await aiomisc::gather(size(file), longest_line(file));
            auto text = aiomisc::run_in_executor(describe, file, bytes, longest);
            std::printf("%s\n", (co_await text).c_str());
        } catch (const std::exception& error) {
            std::printf("%s\n", error.what());
            ++failed;
        }
    }
    co_return failed == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
    return aiomisc::run(argc, argv, amain(std::vector<fs::path>(argv + 1, argv + argc)));
}
