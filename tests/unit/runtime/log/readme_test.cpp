// SPDX-License-Identifier: MIT

// The code of runtime/log/README.md, between pairs of marks; scripts/check-readme compares them.

#include "log_harness.h"

// [first]
#include <aiomisc/runtime/log/log.h>

using namespace aiomisc;

void serve(int clients) {
    log::info("server", "{} clients", clients);
    if (clients > 1000) {
        log::with({{"clients", clients}}).warning("server", "crowded");
    }
}

// [first]

#include <aiomisc/runtime/log/line_hook.h>
#include <aiomisc/runtime/log/threaded_handler.h>

#include <stdexcept>

namespace {

using test::contains;

// [exception]
void load(int id) {
    const auto page_log = log::with({{"page", id}});
    try {
        throw std::out_of_range("no such page");
    } catch (...) {
        page_log.with_exception(std::current_exception()).error("pages", "cannot load");
    }
    page_log.info("pages", "the next one");
}

// [exception]

// [sink]
class Counter final : public log::Sink {
public:
    void emit(const log::Record& record) override {
        errors_ += record.level >= log::Level::kError ? 1 : 0;
    }

    int errors() const { return errors_; }

private:
    int errors_ = 0;
};

// [sink]

}  // namespace

TEST_CASE("README of log: the first lines") {
    const test::KeepConfig keep;
    const test::StderrCapture captured;
    // [configure]
    log::basic_config({.level = log::Level::kInfo, .log_format = log::Format::kStream});
    serve(1001);
    // [configure]
    CHECK(captured.text() == "INFO:server:1001 clients\nWARNING:server:crowded\n");
}

TEST_CASE("README of log: exceptions and sinks") {
    const test::KeepConfig keep;
    const test::StderrCapture captured;
    // [handlers]
    auto counter = std::make_shared<Counter>();
    log::basic_config({.log_format = log::Format::kStream, .handlers = {counter}});
    load(7);
    // [handlers]
    CHECK(
        captured.text() ==
        "ERROR:pages:cannot load\nstd::out_of_range: no such page\nINFO:pages:the next one\n");
    CHECK(counter->errors() == 1);
}

TEST_CASE("README of log: a buffer of one's own") {
    const test::KeepConfig keep;
    auto counter = std::make_shared<Counter>();
    // [wrap]
    auto buffered = log::wrap_logging_handler(counter, {.buffer_size = 100});
    log::basic_config({.log_format = log::Format::kDisabled, .handlers = {buffered}});
    log::error("app", "failed");
    log::flush();
    // [wrap]
    CHECK(counter->errors() == 1);
}

TEST_CASE("README of log: a line that stays at the bottom") {
    const test::KeepConfig keep;
    const test::StderrCapture captured;
    log::basic_config({.level = log::Level::kInfo, .log_format = log::Format::kPlain});
    std::string bar = "[###   ]";
    // [hook]
    log::set_line_hook(
        {.before = [] { return std::string("\r\033[K"); }, .after = [&bar] { return bar; }});
    // [hook]
    log::info("app", "hello");
    log::set_line_hook({});
    CHECK(captured.text() == "\r\033[Khello\n[###   ]");
}
