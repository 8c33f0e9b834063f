// SPDX-License-Identifier: MIT
// Floor of everything that stays inside the loop: the same work done by hand with libuv callbacks.
//
// libuv has no ready queue of its own. The cheapest way to have one, and what loops built on it do,
// is a FIFO of callbacks drained by an idle handle: one turn of the loop for each generation of
// callbacks.
#include "bench.h"

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include <uv.h>

namespace {

class ReadyQueue {
public:
    ReadyQueue() {
        uv_loop_init(&loop_);
        uv_idle_init(&loop_, &idle_);
        idle_.data = this;
    }

    ReadyQueue(const ReadyQueue&) = delete;
    ReadyQueue& operator=(const ReadyQueue&) = delete;

    ~ReadyQueue() {
        uv_close(reinterpret_cast<uv_handle_t*>(&idle_), nullptr);
        uv_run(&loop_, UV_RUN_DEFAULT);
        uv_loop_close(&loop_);
    }

    void call_soon(std::function<void()> callback) {
        if (ready_.empty()) {
            uv_idle_start(&idle_, drain);
        }
        ready_.push_back(std::move(callback));
    }

    void run() { uv_run(&loop_, UV_RUN_DEFAULT); }

    uv_loop_t* loop() { return &loop_; }

private:
    static void drain(uv_idle_t* idle) {
        auto& self = *static_cast<ReadyQueue*>(idle->data);
        for (std::size_t left = self.ready_.size(); left > 0; --left) {
            const auto callback = std::move(self.ready_.front());
            self.ready_.pop_front();
            callback();
        }
        if (self.ready_.empty()) {
            uv_idle_stop(idle);
        }
    }

    uv_loop_t loop_{};
    uv_idle_t idle_{};
    std::deque<std::function<void()>> ready_;
};

/// A task that is started, runs when the loop turns, and then calls the one who waits: one at a
/// time.
double task(const bench::Options& options) {
    struct Task {
        std::function<void()> on_done;
        int result = 0;
    };

    ReadyQueue queue;
    const int calls = options.scaled(200'000);
    int left = calls;
    std::function<void()> spawn = [&] {
        auto started = std::make_shared<Task>();
        started->on_done = [&] {
            if (--left > 0) {
                spawn();
            }
        };
        queue.call_soon([started] {
            started->result = 1;
            started->on_done();
        });
    };
    const bench::Stopwatch watch;
    spawn();
    queue.run();
    return watch.microseconds_per(calls);
}

/// Timers armed by the thousand, all due at once, each with its own handle.
double timer(const bench::Options& options) {
    constexpr int kBatch = 1'000;
    ReadyQueue queue;
    const int batches = options.scaled(200);
    const bench::Stopwatch watch;
    for (int batch = 0; batch < batches; ++batch) {
        for (int i = 0; i < kBatch; ++i) {
            auto* handle = new uv_timer_t;
            uv_timer_init(queue.loop(), handle);
            uv_timer_start(
                handle,
                [](uv_timer_t* fired) {
                    uv_close(reinterpret_cast<uv_handle_t*>(fired), [](uv_handle_t* closed) {
                        delete reinterpret_cast<uv_timer_t*>(closed);
                    });
                },
                0,
                0);
        }
        queue.run();
    }
    return watch.microseconds_per(batches * kBatch);
}

/// A producer and a consumer that take turns: each item wakes the consumer, each taking the
/// producer.
double queue_hop(const bench::Options& options) {
    ReadyQueue queue;
    std::deque<int> items;
    const int calls = options.scaled(200'000);
    int sent = 0;
    long sum = 0;
    std::function<void()> produce;
    const std::function<void()> consume = [&] {
        sum += items.front();
        items.pop_front();
        if (sent < calls) {
            queue.call_soon(produce);
        }
    };
    produce = [&] {
        items.push_back(sent++);
        queue.call_soon(consume);
    };
    const bench::Stopwatch watch;
    queue.call_soon(produce);
    queue.run();
    return watch.microseconds_per(calls);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_rows(
        "libuv_floor",
        argc,
        argv,
        {{"in-loop task", "floor", "us/call", task},
         {"in-loop timer", "floor", "us/call", timer},
         {"in-loop queue hop", "floor", "us/call", queue_hop}});
}
