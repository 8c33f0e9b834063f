// SPDX-License-Identifier: MIT

// A program whose process service is a program itself: with a loop, a service, a worker pool, and a
// process service of its own.
// Its own executable, because test executables have had a loop before main().

#include <aiomisc/aiomisc.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <utility>

#include <unistd.h>

using namespace aiomisc;

namespace {

int square(int x) {
    return x * x;
}

struct Innermost : ProcessService {
    void in_process() override { ::pause(); }
};

struct Inner : Service {
    explicit Inner(std::shared_ptr<Service> below) : below_(std::move(below)) {}

    Task<> start() override {
        co_await below_->start_event().wait();
        std::printf("inside: the process below has started\n");
        WorkerPool pool({.workers = 1});
        co_await pool.start();
        std::printf("inside: %d\n", co_await pool.create_task<square>(6));
        start_event().set();
        co_await Event().wait();
    }

    Task<> stop(std::exception_ptr) override {
        std::printf("inside: stopped\n");
        co_return;
    }

private:
    std::shared_ptr<Service> below_;
};

struct Outer : ProcessService {
    void in_process() override {
        const auto below = std::make_shared<Innermost>();
        if (serve({.log_level = "error"}, {std::make_shared<Inner>(below), below}) != 0) {
            throw std::runtime_error("the inner program failed");
        }
        std::printf("inside: ended\n");
    }
};

}  // namespace

int main() {
    return serve({.log_level = "error", .log_format = "plain"}, {std::make_shared<Outer>()});
}
