// SPDX-License-Identifier: MIT
// A log line that a thread of its own writes: ours, and spdlog's asynchronous logger with a queue
// as long. Both write `LEVEL:logger:message` to /dev/null, and lose nothing.
#include "bench.h"

#include <aiomisc/runtime/log/log.h>

#include <chrono>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>

namespace {

constexpr int kBuffer = 8192;
/// So many lines find place without waiting: half a buffer is where ours begins to be written.
constexpr int kBurst = 2000;

class OurLog {
public:
    OurLog() : fd_(::open("/dev/null", O_WRONLY | O_CLOEXEC)) {
        aiomisc::log::basic_config(
            {.level = aiomisc::log::Level::kInfo,
             .log_format = aiomisc::log::Format::kStream,
             .stream = fd_,
             .buffered = true,
             .buffer_size = kBuffer});
    }

    OurLog(const OurLog&) = delete;
    OurLog& operator=(const OurLog&) = delete;

    ~OurLog() {
        aiomisc::log::basic_config({.log_format = aiomisc::log::Format::kDisabled});
        ::close(fd_);
    }

    static void line(int number) {
        aiomisc::log::info("bench", "{} of {} files done in {:.3f} s", number, kBuffer, 0.25);
    }

    static void wait_until_written() { aiomisc::log::flush(); }

private:
    int fd_;
};

class SpdlogLog {
public:
    SpdlogLog() : threads_(std::make_shared<spdlog::details::thread_pool>(kBuffer, 1)) {
        auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>("/dev/null");
        logger_ = std::make_shared<spdlog::async_logger>(
            "bench", std::move(sink), threads_, spdlog::async_overflow_policy::block);
        logger_->set_pattern("%l:%n:%v");
    }

    void line(int number) {
        logger_->info("{} of {} files done in {:.3f} s", number, kBuffer, 0.25);
    }

    void wait_until_written() {
        logger_->flush();
        while (threads_->queue_size() > 0) {
            std::this_thread::yield();
        }
    }

private:
    // Its thread is joined before the logger that it writes for is destroyed: TSan does not see
    // the counts of shared pointers that spdlog's own library drops.
    std::shared_ptr<spdlog::async_logger> logger_;
    std::shared_ptr<spdlog::details::thread_pool> threads_;
};

/// What a line costs who logs it, when the thread that writes has time.
template <typename Log>
double burst(const bench::Options& options) {
    const int bursts = options.scaled(100);
    Log log;
    double microseconds = 0;
    for (int round = 0; round < bursts; ++round) {
        const bench::Stopwatch watch;
        for (int number = 0; number < kBurst; ++number) {
            log.line(number);
        }
        microseconds += watch.microseconds_per(kBurst);
        log.wait_until_written();
    }
    return microseconds / bursts;
}

/// Lines without a pause, until the last is written.
template <typename Log>
double stream(const bench::Options& options) {
    const int lines = options.scaled(500'000);
    Log log;
    const bench::Stopwatch watch;
    for (int number = 0; number < lines; ++number) {
        log.line(number);
    }
    log.wait_until_written();
    return watch.microseconds_per(lines);
}

constexpr bench::Row kRows[] = {
    {"log line, to its caller", "aiomisc", "us/call", burst<OurLog>},
    {"log line, to its caller", "peer:spdlog async_logger", "us/call", burst<SpdlogLog>},
    {"log line, written", "aiomisc", "us/call", stream<OurLog>},
    {"log line, written", "peer:spdlog async_logger", "us/call", stream<SpdlogLog>},
};

}  // namespace

int main(int argc, char** argv) {
    return bench::run_rows("log_bench", argc, argv, kRows);
}
