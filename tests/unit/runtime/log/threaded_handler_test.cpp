// SPDX-License-Identifier: MIT

// A thread between those who log and a sink: what waits, what is dropped, and when it ends.

#include <aiomisc/runtime/log/threaded_handler.h>

#include "log_harness.h"
#include "support/helper.h"
#include "support/process.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/record_queue.h>
#include <aiomisc/runtime/log/suppressor.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <optional>
#include <regex>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using log::Format;
using log::Level;
using log::ThreadedHandler;
using test::contains;
using test::Ends;
using test::FunctionSink;
using test::KeepConfig;
using test::KeepingSink;
using test::lines_of;
using test::record_of;

/// A sink that waits in each emit() until it is let through.
class GatedSink final : public log::Sink {
public:
    void emit(const log::Record& record) override {
        std::unique_lock lock(mutex_);
        entered_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
        messages_.emplace_back(record.message);
    }

    void interrupt() noexcept override { open(); }

    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

    /// Whether a thread has come in.
    bool wait_until_entered() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 10s * test::kPatience, [this] { return entered_; });
    }

    [[nodiscard]] std::vector<std::string> messages() const {
        const std::lock_guard lock(mutex_);
        return messages_;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool entered_ = false;
    bool open_ = false;
    std::vector<std::string> messages_;
};

/// What `N records dropped` lines say, summed up, and how many other lines there are.
struct Seen {
    explicit Seen(const std::string& text) {
        const std::regex report("(\\d+) records dropped");
        for (const std::string& line : lines_of(text)) {
            std::smatch match;
            if (std::regex_match(line, match, report)) {
                dropped += std::stol(match[1]);
            } else {
                ++others;
            }
        }
    }

    long dropped = 0;
    long others = 0;
};

double metric_of_logger(std::string_view metric) {
    double sum = 0;
    for (const auto& value : get_statistics<log::ThreadedHandlerStatistic>()) {
        sum += value.metric == metric ? value.value : 0;
    }
    return sum;
}

}  // namespace

TEST_CASE("a threaded handler counts", "[ST-04][LG-18][test_statistic_fields]") {
    const auto sink = std::make_shared<KeepingSink>();
    ThreadedHandler handler(sink, {.statistic_name = "mine"});
    std::map<std::string, double> metrics;
    for (const auto& value : get_statistics<log::ThreadedHandlerStatistic>()) {
        CHECK(value.kind == "ThreadedHandlerStatistic");
        CHECK(value.name == "mine");
        metrics[std::string(value.metric)] = value.value;
    }
    const std::map<std::string, double> expected{
        {"threads", 1}, {"records", 0}, {"errors", 0}, {"flushes", 0}, {"dropped", 0}};
    CHECK(metrics == expected);
}

TEST_CASE("options of a threaded handler", "[LG-04][LG-18][test_init][test_init_custom_params]") {
    const log::ThreadedOptions options;
    CHECK(options.buffer_size == 1024);
    CHECK(options.flush_interval == 100ms);
    CHECK(options.statistic_name == "logger");
    CHECK_THROWS_AS(ThreadedHandler(nullptr), std::invalid_argument);
    CHECK_THROWS_AS(
        ThreadedHandler(std::make_shared<KeepingSink>(), {.buffer_size = 0}),
        std::invalid_argument);
}

TEST_CASE("the thread runs until the handler is closed", "[LG-18][test_start_and_close]") {
    const auto sink = std::make_shared<KeepingSink>();
    ThreadedHandler handler(sink, {.flush_interval = 1h});
    CHECK(handler.statistic().threads.value() == 1);
    handler.emit(record_of("one"));
    handler.close();
    CHECK(handler.statistic().threads.value() == 0);
    CHECK(sink->messages() == std::vector<std::string>{"one"});
    handler.close();
    handler.emit(record_of("later"));  // the target gets it still
    CHECK(sink->messages() == std::vector<std::string>{"one", "later"});
    CHECK(handler.statistic().records.value() == 2);
}

TEST_CASE("emit returns before the target has the record", "[LG-18][test_emit_buffered]") {
    const auto sink = std::make_shared<GatedSink>();
    ThreadedHandler handler(sink, {.flush_interval = 0ms});
    handler.emit(record_of("one"));
    CHECK(handler.statistic().records.value() == 1);
    REQUIRE(sink->wait_until_entered());
    handler.emit(record_of("two"));
    CHECK(handler.statistic().records.value() == 2);
    CHECK(sink->messages().empty());
    sink->open();
    handler.flush();
    CHECK(sink->messages() == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a buffer that never drops makes its callers wait", "[LG-18][test_emit_unbuffered]") {
    const auto sink = std::make_shared<GatedSink>();
    ThreadedHandler handler(sink, {.buffer_size = 1, .flush_interval = 0ms, .stall_limit = 0ms});
    std::atomic<int> emitted{0};
    std::thread logging([&] {
        for (const char* message : {"one", "two", "three", "four"}) {
            handler.emit(record_of(message));
            ++emitted;
        }
    });
    REQUIRE(sink->wait_until_entered());
    // One is with the target, one waits: the third caller cannot be through.
    CHECK(test::wait_until([&] { return emitted.load() == 2; }, 10s));
    CHECK(handler.statistic().records.value() == 2);
    sink->open();
    logging.join();
    handler.close();
    CHECK(sink->messages() == std::vector<std::string>{"one", "two", "three", "four"});
    CHECK(handler.statistic().dropped.value() == 0);
}

TEST_CASE("flush passes on what waits, and flushes the target", "[LG-18][test_flush]") {
    const auto sink = std::make_shared<KeepingSink>();
    ThreadedHandler handler(sink, {.flush_interval = 1h});
    handler.emit(record_of("one"));
    handler.flush();
    CHECK(sink->messages() == std::vector<std::string>{"one"});
    CHECK(sink->flushes() == 1);
    CHECK(handler.statistic().flushes.value() == 1);
    handler.flush();
    CHECK(handler.statistic().flushes.value() == 2);
}

TEST_CASE("half a buffer is written without waiting for the interval", "[LG-03]") {
    const auto sink = std::make_shared<KeepingSink>();
    ThreadedHandler handler(sink, {.buffer_size = 10, .flush_interval = 1h});
    for (int record = 0; record < 5; ++record) {
        handler.emit(record_of("x"));
    }
    CHECK(test::wait_until([&] { return sink->records().size() == 5; }, 10s));
}

TEST_CASE("errors of the target are counted, and swallowed", "[LG-03][LG-18]") {
    const auto sink = std::make_shared<FunctionSink>([](const log::Record& record) {
        if (record.message == "bad") {
            throw std::runtime_error("no");
        }
    });
    ThreadedHandler handler(sink);
    for (const char* message : {"good", "bad", "good", "bad"}) {
        handler.emit(record_of(message));
    }
    handler.flush();
    CHECK(handler.statistic().errors.value() == 2);
    CHECK(handler.statistic().records.value() == 4);
}

TEST_CASE("a record goes through the buffer with all it has", "[LG-18]") {
    const auto check = [](const log::Record& record, int number) {
        CHECK(record.level == Level::kError);
        CHECK(record.logger == "a");
        CHECK(record.message == std::to_string(number));
        CHECK(record.format == "{}");
        REQUIRE(record.arguments.size() == 2);
        CHECK(record.arguments[1] == "y");
        CHECK(record.time == std::chrono::system_clock::time_point(std::chrono::hours(number)));
        CHECK(record.thread_name == "painter");
        CHECK(record.thread_id == 77);
        CHECK(record.location.line() > 0);
        REQUIRE(record.fields.size() == 6);
        CHECK(record.fields[0].value == log::Value(nullptr));
        CHECK(record.fields[1].value == log::Value(true));
        CHECK(record.fields[2].value == log::Value(std::int64_t{-5}));
        CHECK(record.fields[3].value == log::Value(std::uint64_t{5}));
        CHECK(record.fields[4].value == log::Value(0.5));
        CHECK(record.fields[5].key == "f");
        CHECK(record.fields[5].value == log::Value(std::string_view("text")));
        REQUIRE(record.context.size() == 1);
        CHECK(record.context[0].key == "c");
        CHECK((record.exception != nullptr) == (number % 2 == 1));
        CHECK(record.backtrace.size() == static_cast<std::size_t>(number));
    };
    log::detail::RecordQueue queue;
    for (int round = 0; round < 2; ++round) {
        for (int number = 0; number < 3; ++number) {
            const std::string message = std::to_string(number);
            const std::vector<std::string_view> arguments{"x", "y"};
            const std::vector<log::Field> fields{
                {"a", nullptr}, {"b", true}, {"c", -5}, {"d", 5U}, {"e", 0.5}, {"f", "text"}};
            const std::vector<log::Field> context{{"c", 1}};
            const std::vector<void*> frames(static_cast<std::size_t>(number));
            log::Record record = record_of(message, Level::kError);
            record.logger = "a";
            record.format = "{}";
            record.arguments = arguments;
            record.time = std::chrono::system_clock::time_point(std::chrono::hours(number));
            record.thread_name = "painter";
            record.thread_id = 77;
            record.location = std::source_location::current();
            record.fields = fields;
            record.context = context;
            record.exception = number == 1 ? std::make_exception_ptr(1) : nullptr;
            record.backtrace = frames;
            queue.push(record);
        }
        CHECK(queue.size() == 3);
        int number = 0;
        queue.for_each([&](const log::Record& record) { check(record, number++); });
        CHECK(number == 3);
        queue.clear(0);
        CHECK(queue.size() == 0);
        CHECK(queue.bytes() == 0);
    }
}

TEST_CASE("a target that stands still costs records, not time", "[LG-03]") {
    const auto sink = std::make_shared<GatedSink>();
    ThreadedHandler handler(sink, {.buffer_size = 4, .flush_interval = 0ms, .stall_limit = 10ms});
    handler.emit(record_of("first"));
    REQUIRE(sink->wait_until_entered());
    for (int record = 0; record < 10; ++record) {
        handler.emit(record_of(std::to_string(record)));
    }
    CHECK(handler.statistic().dropped.value() == 6);
    CHECK(handler.statistic().records.value() == 5);
    sink->open();
    // The newest are lost, and it is said where.
    const std::vector<std::string> expected{"first", "0", "1", "2", "3", "6 records dropped"};
    CHECK(test::wait_until([&] { return sink->messages().size() == expected.size(); }, 10s));
    CHECK(sink->messages() == expected);
}

TEST_CASE("a slow target slows down, and loses nothing", "[LG-03]") {
    std::vector<int> seen;
    const auto sink = std::make_shared<FunctionSink>([&seen](const log::Record& record) {
        std::this_thread::yield();
        seen.push_back(std::stoi(std::string(record.message)));
    });
    ThreadedHandler handler(sink, {.buffer_size = 2, .flush_interval = 0ms, .stall_limit = 1min});
    for (int record = 0; record < 2000; ++record) {
        handler.emit(record_of(std::to_string(record)));
    }
    handler.close();
    REQUIRE(seen.size() == 2000);
    CHECK(std::ranges::is_sorted(seen));
    CHECK(handler.statistic().dropped.value() == 0);
}

TEST_CASE("a target that is stuck for good does not keep close() for ever", "[LG-18]") {
    const Ends ends = Ends::pipe();
    std::atomic<bool> entered{false};
    const auto stuck = std::make_shared<FunctionSink>([&](const log::Record&) {
        entered.store(true);
        char byte = 0;
        static_cast<void>(!::read(ends.reading.get(), &byte, 1));
    });
    const auto handler = log::wrap_logging_handler(stuck, {.stall_limit = 1ms});
    handler->emit(record_of("one"));
    handler->emit(record_of("two"));
    REQUIRE(test::wait_until([&] { return entered.load(); }, 10s));
    handler->close();
    handler->emit(record_of("three"));
    CHECK(handler->statistic().dropped.value() == 1);
    REQUIRE(::write(ends.writing.get(), "xx", 2) == 2);  // its thread ends now
    CHECK(test::wait_until([&] { return handler->statistic().threads.value() == 0; }, 10s));
}

TEST_CASE("nobody reads stderr: who logs goes on, and what is lost is counted", "[LG-03]") {
    const KeepConfig keep;
    Ends ends = Ends::pipe();
    constexpr long kLines = 50'000;
    log::basic_config(
        {.level = Level::kInfo,
         .log_format = Format::kPlain,
         .stream = ends.writing.get(),
         .buffered = true,
         .stall_limit = 50ms});
    const std::string text(90, 'x');
    for (long line = 0; line < kLines; ++line) {
        log::info("test", "{:08} {}", line, text);
    }
    const double records = metric_of_logger("records");
    const double dropped = metric_of_logger("dropped");
    CHECK(records + dropped == kLines);
    // The pipe holds 64 KiB, that is some 650 lines; twice 1024 wait.
    CHECK(records >= 1024);
    CHECK(records < 3000);
    std::string read;
    std::atomic<long> lines{0};
    std::thread reader([&] {
        char buffer[4096];
        ssize_t size = 0;
        while ((size = ::read(ends.reading.get(), buffer, sizeof buffer)) > 0) {
            read.append(buffer, static_cast<std::size_t>(size));
            lines += std::count(buffer, buffer + size, '\n');
        }
    });
    // What was kept, and the line that says what was not.
    CHECK(test::wait_until([&] { return lines.load() == static_cast<long>(records) + 1; }, 10s));
    log::info("test", "it reads again");
    log::basic_config({.level = Level::kInfo, .log_format = Format::kDisabled});
    ends.writing.reset();
    reader.join();
    const Seen seen(read);
    CHECK(seen.others == static_cast<long>(records) + 1);
    CHECK(seen.dropped == static_cast<long>(dropped));
    CHECK_THAT(read, test::ends_with("it reads again\n"));
}

TEST_CASE("large records are bounded by their bytes", "[LG-03]") {
    const auto sink = std::make_shared<GatedSink>();
    ThreadedHandler handler(sink, {.flush_interval = 0ms, .stall_limit = 1ms});
    handler.emit(record_of("first"));
    REQUIRE(sink->wait_until_entered());
    const std::string large(100'000, 'x');
    for (int record = 0; record < 100; ++record) {
        handler.emit(record_of(large));
    }
    // 1 MiB; a record has its text twice here, as the message and as its format.
    CHECK(handler.statistic().records.value() == 1 + 6);
    CHECK(handler.statistic().dropped.value() == 94);
    sink->open();
}

TEST_CASE("in a forked child a handler works without its thread", "[LG-20]") {
    const Ends ends = Ends::pipe();
    const auto sink = std::make_shared<FunctionSink>([&ends](const log::Record& record) {
        const std::string line = std::string(record.message) + "\n";
        static_cast<void>(!::write(ends.writing.get(), line.data(), line.size()));
    });
    auto handler = log::wrap_logging_handler(sink, {.flush_interval = 1h});
    handler->emit(record_of("parent"));
    const pid_t child = ::fork();
    if (child == 0) {
        handler->emit(record_of("child"));
        handler->flush();
        handler->close();
        handler.reset();
        ::_exit(0);
    }
    int status = -1;
    REQUIRE(test::wait_until([&] { return ::waitpid(child, &status, WNOHANG) == child; }, 10s));
    CHECK(status == 0);
    CHECK(test::text_available(ends.reading) == "child\n");
    handler->close();
    CHECK(test::text_available(ends.reading) == "parent\n");
}

AIOMISC_TEST_HELPER(log_buffered_and_exit) {
    log::basic_config(
        {.level = Level::kInfo,
         .log_format = Format::kPlain,
         .stream = STDOUT_FILENO,
         .buffered = true,
         .flush_interval = 1h,
         .stall_limit = 50ms});
    const int lines = std::stoi(arguments[0]);
    for (int line = 0; line < lines; ++line) {
        log::info("test", "{}", line);
    }
    std::exit(0);
}

TEST_CASE("what waits is written when the process exits", "[LG-03]") {
    auto process = test::Process::start_helper("log_buffered_and_exit", {"300"});
    const auto lines = lines_of(process.read_all());
    CHECK(process.wait() == test::ExitStatus{.code = 0});
    REQUIRE(lines.size() == 300);
    CHECK(lines.back() == "299");
}

TEST_CASE("a process whose log nobody reads can exit", "[LG-03]") {
    auto process = test::Process::start_helper("log_buffered_and_exit", {"100000"});
    CHECK(process.wait() == test::ExitStatus{.code = 0});
    // What the pipe holds: whole lines, in order.
    const auto lines = lines_of(process.read_all());
    REQUIRE(lines.size() > 1000);
    for (std::size_t line = 0; line < lines.size(); ++line) {
        REQUIRE(lines[line] == std::to_string(line));
    }
}

TEST_CASE("a suppressor swallows exceptions", "[LG-19][test_suppressor_suppresses_exception]") {
    bool called = false;
    auto quiet = log::suppressor([&called] {
        called = true;
        throw std::runtime_error("no");
    });
    quiet();
    CHECK(called);
}

TEST_CASE(
    "a suppressor swallows the types that are named",
    "[LG-19][test_suppressor_with_specific_exception]"
    "[test_suppressor_does_not_suppress_other_exceptions]") {
    auto quiet = log::suppressor<std::logic_error, std::bad_alloc>([](int kind) {
        switch (kind) {
            case 0:
                throw std::out_of_range("derived of what is named");
            case 1:
                throw std::bad_alloc();
            default:
                throw std::runtime_error("other");
        }
    });
    CHECK_NOTHROW(quiet(0));
    CHECK_NOTHROW(quiet(1));
    CHECK_THROWS_AS(quiet(2), std::runtime_error);
    CHECK_THROWS_AS(log::suppressor([] { throw CancelledError(); })(), CancelledError);
}

TEST_CASE("a suppressor returns what there is", "[LG-19][test_suppressor_normal_execution]") {
    auto quiet = log::suppressor([](int value) {
        if (value < 0) {
            throw std::invalid_argument("negative");
        }
        return value * 2;
    });
    CHECK(quiet(21) == 42);
    CHECK_FALSE(quiet(-1).has_value());
}
