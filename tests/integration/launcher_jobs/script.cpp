// SPDX-License-Identifier: MIT
#include <aiomisc/aiomisc.h>
#include <aiomisc/job.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

#include <unistd.h>

namespace {

int square(int x) {
    if (x == 3) {
        ::raise(SIGABRT);
    }
    return x * x;
}

int pid_of_worker() {
    return ::getpid();
}

/// Squares its words; `wait` waits to be cancelled, `pid` names the worker.
aiomisc::Task<int> squares(aiomisc::JobArguments arguments) {
    int failed = 0;
    for (const std::string& word : arguments.words) {
        if (word == "wait") {
            std::ofstream("waits").close();
            co_await aiomisc::sleep(std::chrono::hours(1));
        }
        if (word == "pid") {
            const int pid = co_await arguments.pool.create_task<pid_of_worker>();
            std::printf("%d\n", pid);
            continue;
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
