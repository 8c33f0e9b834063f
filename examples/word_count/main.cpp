// SPDX-License-Identifier: MIT
// The most frequent words of text files: WorkerPool::map() over a stream of files, with containers
// as results.
//
//     word_count FILE…
#include <aiomisc/aiomisc.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace fs = std::filesystem;

using Counts = std::map<std::string, std::uint64_t>;

/// Counts the words of one file. Runs in a worker process; what it throws arrives in the parent.
Counts count_words(const fs::path& file) {
    std::ifstream text(file);
    if (!text) {
        throw std::system_error(errno, std::generic_category(), file.string());
    }
    Counts counts;
    std::string word;
    for (std::istreambuf_iterator<char> at(text), end; at != end; ++at) {
        const auto c = static_cast<unsigned char>(*at);
        if (std::isalpha(c) != 0) {
            word += static_cast<char>(std::tolower(c));
        } else if (!word.empty()) {
            ++counts[std::exchange(word, {})];
        }
    }
    if (!word.empty()) {
        ++counts[word];
    }
    return counts;
}

void print_most_frequent(const Counts& counts, std::size_t how_many) {
    using Word = std::pair<std::string, std::uint64_t>;
    std::vector<Word> words(counts.begin(), counts.end());
    std::ranges::sort(words, [](const Word& a, const Word& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    for (const auto& [word, count] : std::span(words).first(std::min(how_many, words.size()))) {
        std::printf("%6llu %s\n", static_cast<unsigned long long>(count), word.c_str());
    }
}

aiomisc::Task<int> amain(std::vector<fs::path> files) {
    aiomisc::WorkerPool pool({.workers = 2});
    co_await pool.start();

    Counts total;
    int failed = 0;
    auto results = pool.map<count_words>(files, {.ordered = false});
    for (bool more = true; more;) {
        try {
            const auto counts = co_await results.next();
            more = counts.has_value();
            for (const auto& [word, count] : counts.value_or(Counts())) {
                total[word] += count;
            }
        } catch (const std::exception& error) {  // this file; the stream goes on with the next
            std::fprintf(stderr, "word_count: %s\n", error.what());
            ++failed;
        }
    }
    co_await pool.close();

    print_most_frequent(total, 5);
    std::printf("%zu files, %d of them unreadable\n", files.size(), failed);
    co_return failed == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
    return aiomisc::run(argc, argv, amain(std::vector<fs::path>(argv + 1, argv + argc)));
}
