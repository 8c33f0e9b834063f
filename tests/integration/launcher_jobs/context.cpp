// SPDX-License-Identifier: MIT
#include <aiomisc/job.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include <unistd.h>

// What a job function is told, and when its module is prepared.
namespace {

int inits = 0;
int worker_inits = 0;

void init() {
    ++inits;
    std::ofstream("inits", std::ios::app) << ::getpid() << '\n';
}

void worker_init() {
    ++worker_inits;
    std::ofstream("worker-inits", std::ios::app) << ::getpid() << '\n';
    if (std::getenv("FAIL_WORKER_INIT") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
        throw std::runtime_error("no model in this worker");
    }
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
    return value == nullptr ? "unset" : value;
}

/// Says that it is half done, until the test has seen it.
int half(aiomisc::JobContext& context) {
    context.progress(0.5);
    while (!std::ifstream("seen")) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return 0;
}

int tell(aiomisc::JobContext& context, const std::string& what) {
    if (what == "half") {
        return half(context);
    }
    std::printf(
        "%s: inits %d, worker inits %d, sequence %d, attempt %d, stop %d; %s %s %s\n",
        what.c_str(),
        inits,
        worker_inits,
        static_cast<int>(context.sequence()),
        context.attempt(),
        context.stop_requested() ? 1 : 0,
        variable("AIOMISC_SEQ").c_str(),
        variable("AIOMISC_SLOT").c_str(),
        variable("AIOMISC_ATTEMPT").c_str());
    return what == "third" && context.attempt() < 3 ? 1 : 0;
}

}  // namespace

AIOMISC_JOB(
    tell,
    about("Tells what it is told."),
    init(init),
    worker_init(worker_init),
    param("what", "what to do, or to be called"))
