// SPDX-License-Identifier: MIT
#include <aiomisc/aiomisc.h>
#include <aiomisc/job.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

static long count_lines(const std::string& file) {  // runs in a worker
    std::ifstream text(file);
    using Bytes = std::istreambuf_iterator<char>;
    return std::count(Bytes(text), Bytes(), '\n');
}

static aiomisc::Task<int> total(aiomisc::JobArguments arguments) {  // runs in the launcher
    std::vector<aiomisc::TaskHandle<long>> counts;
    for (const std::string& file : arguments.words) {
        counts.push_back(arguments.pool.create_task<count_lines>(file));
    }
    long lines = 0;
    for (auto& count : counts) {
        lines += co_await count;
    }
    std::printf("%ld lines in %zu files\n", lines, counts.size());
    co_return 0;
}

AIOMISC_MAIN(total)
