// SPDX-License-Identifier: MIT

// A module that the test of pools loads while it runs: its functions are registered after the
// zygote was forked. Built twice, with different answers, so that one can be put in place of the
// other.

#include <aiomisc/worker/pool/worker_pool.h>

namespace {

int answer(int question) {
    return question * AIOMISC_TEST_ANSWER;
}

int prepared = 0;

void prepare(int with) {
    prepared = with * AIOMISC_TEST_ANSWER;
}

int what_was_prepared() {
    return prepared;
}

}  // namespace

extern "C" void initialize_here(aiomisc::WorkerPoolOptions& options, int with) {
    options.initializer = aiomisc::initialize_with<&prepare>(with);
}

extern "C" void ask_for_prepared(aiomisc::WorkerPool& pool, aiomisc::TaskHandle<int>& answering) {
    answering = pool.create_task<&what_was_prepared>();
}

extern "C" void start_call(
    aiomisc::WorkerPool& pool, int question, aiomisc::TaskHandle<int>& answering) {
    answering = pool.create_task<&answer>(question);
}

extern "C" void start_map(
    aiomisc::WorkerPool& pool, int count, std::optional<aiomisc::MapStream<int>>& answers) {
    answers.emplace(pool.map<&answer>(std::views::iota(0, count)));
}
