// SPDX-License-Identifier: MIT

// A module that the test of pools loads while it runs: its functions are registered after the
// zygote was forked. Built twice, with different answers, so that one can be put in place of the
// other.

#include <aiomisc/worker/pool/worker_pool.h>

namespace {

int answer(int question) {
    return question * AIOMISC_TEST_ANSWER;
}

}  // namespace

extern "C" void start_call(
    aiomisc::WorkerPool& pool, int question, aiomisc::TaskHandle<int>& answering) {
    answering = pool.create_task<&answer>(question);
}

extern "C" void start_map(
    aiomisc::WorkerPool& pool, int count, std::optional<aiomisc::MapStream<int>>& answers) {
    answers.emplace(pool.map<&answer>(std::views::iota(0, count)));
}
