// SPDX-License-Identifier: MIT
// The smallest program: five calls run in worker processes, one of them crashes, four have results.
#include <aiomisc/aiomisc.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

int square(int x) {  // runs in a worker process
    if (x == 3) {
        std::abort();
    }
    return x * x;
}

aiomisc::Task<> amain() {
    aiomisc::WorkerPool pool({.workers = 2});
    co_await pool.start();

    std::vector<aiomisc::TaskHandle<int>> calls;
    for (int x = 1; x <= 5; ++x) {
        calls.push_back(pool.create_task<square>(x));
    }
    for (auto& call : calls) {
        try {
            std::printf("%d\n", co_await call);
        } catch (const aiomisc::WorkerDied& died) {
            std::printf("a worker died of signal %d\n", died.signal());
        }
    }
    co_await pool.close();
}

int main() {
    return aiomisc::run(amain());
}
