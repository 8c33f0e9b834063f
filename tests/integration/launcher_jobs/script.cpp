// SPDX-License-Identifier: MIT
#include <aiomisc/aiomisc.h>
#include <aiomisc/job.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

namespace {

int square(int x) {
    if (x == 3) {
        ::raise(SIGABRT);
    }
    return x * x;
}

/// Squares its words; `wait` waits to be cancelled.
aiomisc::Task<int> squares(aiomisc::JobArguments arguments) {
    int failed = 0;
    for (const std::string& word : arguments.words) {
        if (word == "wait") {
            std::ofstream("waits").close();
            co_await aiomisc::sleep(std::chrono::hours(1));
        }
        try {
            const int result = co_await arguments.pool.create_task<square>(std::stoi(word));
            std::printf("%d\n", result);
        } catch (const aiomisc::WorkerDied& died) {
            std::printf("signal %d\n", died.signal());
            ++failed;
        }
    }
    co_return failed;
}

}  // namespace

AIOMISC_MAIN(squares)
