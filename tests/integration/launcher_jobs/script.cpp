// SPDX-License-Identifier: MIT
#include <aiomisc/aiomisc.h>
#include <aiomisc/job.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
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

/// Squares its words; `wait` waits to be cancelled, `pid` names the worker, `chatter` prints very
/// much and `stream` a little through a stream with a buffer of its own.
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
        if (word == "chatter") {
            for (int line = 0; line < 1'000'000; ++line) {
                std::puts("chatter");
            }
            continue;
        }
        if (word == "stream") {
            std::ios::sync_with_stdio(false);
            std::cout << "stream\n";
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
