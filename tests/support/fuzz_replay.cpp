// SPDX-License-Identifier: MIT

// Stands in for libFuzzer where it is absent or too slow: feeds every file of the corpus to the
// fuzz target, then cuts and mutates each with a fixed seed, so that a failure comes back in the
// next run.
//
//     fuzz_NAME_replay FILE-OR-FOLDER…

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;
using Input = std::vector<std::uint8_t>;

constexpr int kMutationsPerInput = 500;
constexpr std::size_t kMaxChangesPerMutation = 8;

std::vector<fs::path> files_below(const fs::path& path) {
    if (!fs::is_directory(path)) {
        return {path};
    }
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

Input read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A copy, so that a sanitizer sees a read one byte past the end.
void feed(Input input) {
    input.shrink_to_fit();
    LLVMFuzzerTestOneInput(input.data(), input.size());
}

void feed_truncations(const Input& input) {
    for (std::size_t length = 0; length < input.size(); length += 1 + length / 16) {
        feed(Input(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(length)));
    }
}

/// Some bytes become others: any, all ones (a length that is too large) or zero.
void feed_mutation(Input input, std::mt19937_64& random) {
    const std::size_t changes = 1 + random() % kMaxChangesPerMutation;
    for (std::size_t change = 0; change < changes && !input.empty(); ++change) {
        std::uint8_t& byte = input[random() % input.size()];
        switch (random() % 4) {
            case 0:
                byte = 0xff;
                break;
            case 1:
                byte = 0;
                break;
            case 2:
                byte ^= static_cast<std::uint8_t>(1U << (random() % 8));
                break;
            default:
                byte = static_cast<std::uint8_t>(random());
        }
    }
    feed(std::move(input));
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t count = 0;
    for (const char* path : std::vector<const char*>(argv + 1, argv + argc)) {
        for (const fs::path& file : files_below(path)) {
            std::cout << file.filename().string()
                      << std::endl;  // flushed: the last name is the one that crashed
            const Input input = read_file(file);
            feed(input);
            feed_truncations(input);
            std::mt19937_64 random(input.size());
            for (int round = 0; round < kMutationsPerInput; ++round) {
                feed_mutation(input, random);
            }
            ++count;
        }
    }
    std::cout << count << " inputs replayed\n";
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;  // an empty corpus proves nothing
}
