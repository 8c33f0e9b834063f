// SPDX-License-Identifier: MIT

// Who waits for whom, and that it ends: closing, forking, and sinks that log.

#include "log_harness.h"

#include <aiomisc/runtime/log/delivery.h>
#include <aiomisc/runtime/log/line_format.h>
#include <aiomisc/runtime/log/stream_sink.h>
#include <aiomisc/runtime/log/threaded_handler.h>
#include <aiomisc/runtime/log/time_text.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <thread>

#include <sys/wait.h>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using log::Format;
using log::Level;
using log::ThreadedHandler;
using test::Ends;
using test::FunctionSink;
using test::KeepConfig;
using test::KeepingSink;
using test::record_of;

/// Set by one thread, awaited by others. After ten seconds they go on anyway, so that a test fails
/// and does not hang.
class Flag {
public:
    void set() { value_.store(true); }

    [[nodiscard]] bool is_set() const { return value_.load(); }

    bool wait() {
        return test::wait_until([this] { return is_set(); }, 10s);
    }

private:
    std::atomic<bool> value_{false};
};

/// Stuck until it is interrupted; tells of it what the test wants to know.
class StuckSink final : public log::Sink {
public:
    explicit StuckSink(std::function<void()> interrupted) : interrupted_(std::move(interrupted)) {}

    void emit(const log::Record& record) override {
        messages_.emplace_back(record.message);
        entered.set();
        free_.wait();
    }

    void flush() override { ++flushes_; }

    void interrupt() noexcept override {
        interrupted_();
        inside = log::detail::InsideSink::contains(this);
        free_.set();
    }

    /// Of the time when no thread uses it.
    [[nodiscard]] const std::vector<std::string>& messages() const { return messages_; }

    [[nodiscard]] int flushes() const { return flushes_; }

    Flag entered;
    bool inside = false;  ///< whether interrupt() was called as a sink is

private:
    std::function<void()> interrupted_;
    Flag free_;
    std::vector<std::string> messages_;
    int flushes_ = 0;
};

}  // namespace

TEST_CASE("several threads may close one handler", "[LG-18]") {
    constexpr int kClosers = 8;
    for (int round = 0; round < 20; ++round) {
        Flag entered;
        Flag go_on;
        const auto sink = std::make_shared<FunctionSink>([&](const log::Record&) {
            entered.set();
            go_on.wait();
        });
        ThreadedHandler handler(sink, {.flush_interval = 0ms, .stall_limit = 1min});
        handler.emit(record_of("one"));
        REQUIRE(entered.wait());
        std::atomic<int> closing{0};
        std::vector<std::thread> closers;
        for (int closer = 0; closer < kClosers; ++closer) {
            closers.emplace_back([&] {
                ++closing;
                handler.close();
            });
        }
        CHECK(test::wait_until([&] { return closing.load() == kClosers; }, 10s));
        go_on.set();
        for (std::thread& closer : closers) {
            closer.join();
        }
        CHECK(handler.statistic().threads.value() == 0);
    }
}

TEST_CASE("a handler closes though others go on logging", "[LG-18]") {
    std::atomic<long> written{0};
    const auto sink = std::make_shared<FunctionSink>([&written](const log::Record&) {
        std::this_thread::sleep_for(1ms);  // so slow that the buffer is never empty
        ++written;
    });
    ThreadedHandler handler(sink, {.buffer_size = 64, .flush_interval = 0ms, .stall_limit = 1min});
    Flag stop;
    std::atomic<long> emitted{0};
    std::vector<std::thread> loggers;
    for (int logger = 0; logger < 3; ++logger) {
        loggers.emplace_back([&] {
            while (!stop.is_set()) {
                handler.emit(record_of("x"));
                ++emitted;
            }
        });
    }
    CHECK(test::wait_until([&] { return emitted.load() > 100; }, 10s));
    Flag closed;
    std::thread closer([&] {
        handler.close();
        closed.set();
    });
    CHECK(closed.wait());
    stop.set();
    closer.join();
    for (std::thread& logger : loggers) {
        logger.join();
    }
    CHECK(written.load() == emitted.load());
    CHECK(handler.statistic().records.value() == static_cast<double>(emitted.load()));
}

TEST_CASE("a handler closes though its target logs to it for every record", "[LG-18]") {
    ThreadedHandler* handler = nullptr;
    std::atomic<long> written{0};
    Flag stop;  // or a handler that does not close would keep the test from its end
    const auto sink = std::make_shared<FunctionSink>([&](const log::Record&) {
        ++written;
        if (!stop.is_set()) {
            handler->emit(record_of("again"));
        }
    });
    ThreadedHandler talkative(sink, {.flush_interval = 0ms, .stall_limit = 1min});
    handler = &talkative;
    talkative.emit(record_of("one"));
    CHECK(test::wait_until([&] { return written.load() > 10; }, 10s));
    Flag closed;
    std::thread closer([&] {
        talkative.close();
        closed.set();
    });
    CHECK(closed.wait());
    stop.set();
    closer.join();
    CHECK(talkative.statistic().dropped.value() >= 1);
    CHECK(talkative.statistic().records.value() == static_cast<double>(written.load()));
}

TEST_CASE("a target that is interrupted may log", "[LG-18]") {
    ThreadedHandler* handler = nullptr;
    const auto sink =
        std::make_shared<StuckSink>([&handler] { handler->emit(record_of("interrupted")); });
    ThreadedHandler stuck(sink, {.flush_interval = 0ms, .stall_limit = 1ms});
    handler = &stuck;
    stuck.emit(record_of("one"));
    REQUIRE(sink->entered.wait());
    stuck.emit(record_of("two"));
    Flag closed;
    std::thread closer([&] {
        stuck.close();
        closed.set();
    });
    REQUIRE(closed.wait());
    closer.join();
    CHECK(sink->inside);
    CHECK(sink->messages() == std::vector<std::string>{"one"});
    CHECK(stuck.statistic().dropped.value() == 2);
    CHECK(sink->flushes() == 0);  // it is left alone once it was given up
}

TEST_CASE("what is given up is counted, and nothing is written after close", "[LG-03][LG-18]") {
    const Ends ends = Ends::pipe();
    constexpr long kLines = 20'000;
    const std::string line(99, 'x');
    ThreadedHandler handler(
        std::make_shared<log::detail::StreamSink>(
            ends.writing.get(),
            log::detail::make_plain_format(),
            log::detail::StreamSink::Mode::kGathered),
        {.buffer_size = 2 * kLines, .stall_limit = 20ms});
    for (long number = 0; number < kLines; ++number) {
        handler.emit(record_of(line));
    }
    handler.close();
    CHECK(handler.statistic().threads.value() == 0);
    const std::string read = test::text_available(ends.reading);
    const long lost = kLines - std::ranges::count(read, '\n') -
                      static_cast<long>(handler.statistic().dropped.value());
    // What the sink itself had gathered, and the block it could not write.
    CHECK(lost >= 0);
    CHECK(lost <= 2 * PIPE_BUF / 100 + 1);
}

TEST_CASE("sinks that log do not wait for each other for ever", "[LG-01]") {
    const KeepConfig keep;
    Flag in_first;
    Flag in_second;
    std::atomic<int> seen{0};
    std::atomic<int> dropped{0};
    const auto count = [&](const log::Record& record) {
        seen += record.logger == "sink" ? 1 : 0;
        dropped +=
            record.format == "{} records dropped" ? std::stoi(std::string(record.message)) : 0;
    };
    const auto first = std::make_shared<FunctionSink>([&](const log::Record& record) {
        count(record);
        if (record.message == "one") {
            in_first.set();
            in_second.wait();
            log::info("sink", "from the first");
        }
    });
    const auto second = std::make_shared<FunctionSink>([&](const log::Record& record) {
        count(record);
        if (record.message == "two") {
            in_second.set();
            in_first.wait();
            log::info("sink", "from the second");
        }
    });
    log::basic_config(
        {.level = Level::kInfo, .log_format = Format::kDisabled, .handlers = {first, second}});
    // This one passes the first before the other thread is to be in it.
    std::thread through_second([] { log::info("test", "two"); });
    REQUIRE(in_second.wait());
    Flag done;
    std::thread through_first([&] {
        log::info("test", "one");
        done.set();
    });
    REQUIRE(done.wait());
    through_first.join();
    through_second.join();
    log::info("test", "the end");
    CHECK(dropped.load() >= 1);
    CHECK(seen.load() + dropped.load() == 2);
}

TEST_CASE("buffers that never drop do not wait for each other for ever", "[LG-18]") {
    const KeepConfig keep;
    Flag stop;
    const auto talkative = [&stop](const log::Record&) {
        for (int record = 0; record < 4 && !stop.is_set(); ++record) {
            log::info("sink", "again");
        }
    };
    const log::ThreadedOptions options{
        .buffer_size = 1, .flush_interval = 0ms, .stall_limit = 0ms, .statistic_name = "small"};
    const auto first =
        log::wrap_logging_handler(std::make_shared<FunctionSink>(talkative), options);
    const auto second =
        log::wrap_logging_handler(std::make_shared<FunctionSink>(talkative), options);
    log::basic_config(
        {.level = Level::kInfo, .log_format = Format::kDisabled, .handlers = {first, second}});
    std::thread logger([] { log::info("test", "one"); });
    CHECK(test::wait_until(
        [&] {
            return first->statistic().dropped.value() + second->statistic().dropped.value() > 0;
        },
        20s));
    stop.set();
    logger.join();
    first->close();
    second->close();
}

TEST_CASE("a forked child tells the time, though others did when it was forked", "[LG-20]") {
    Flag stop;
    std::thread telling([&stop] {
        log::detail::TimeText text("%H:%M:%S");
        for (std::int64_t second = 0; !stop.is_set(); ++second) {
            static_cast<void>(
                text.of(std::chrono::system_clock::time_point(std::chrono::seconds(second))));
        }
    });
    int failed = 0;
    for (int round = 0; round < 100 && failed == 0; ++round) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(20);  // ends it when it hangs
            log::detail::TimeText text("%H:%M:%S");
            ::_exit(text.of(std::chrono::system_clock::now()).size() == 8 ? 0 : 1);
        }
        int status = -1;
        test::wait_until([&] { return ::waitpid(child, &status, WNOHANG) == child; }, 30s);
        failed += status == 0 ? 0 : 1;
    }
    stop.set();
    telling.join();
    CHECK(failed == 0);
}
