// SPDX-License-Identifier: MIT

// The logs of the system: syslog and the journal.

#include "log_harness.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/journald_sink.h>
#include <aiomisc/runtime/log/syslog_sink.h>

#include <algorithm>
#include <stdexcept>

#include <netinet/in.h>
#include <sys/uio.h>
#include <syslog.h>

namespace {

using namespace aiomisc;
using log::Format;
using log::Level;
using test::contains;
using test::KeepConfig;
using test::record_of;

/// What the journal was sent; filled by the function below, which takes the place of libsystemd's:
/// that one writes to a path that only the system can create.
std::vector<std::string>& sent_to_journal() {
    static std::vector<std::string> fields;
    return fields;
}

/// What that function answers.
int& answer_of_journal() {
    static int answer = 0;
    return answer;
}

/// A UDP socket at a port of its own.
class UdpReceiver {
public:
    UdpReceiver() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(socket_.get(), generic, size) == 0);
        REQUIRE(::getsockname(socket_.get(), generic, &size) == 0);
        port_ = ntohs(address.sin_port);
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

    [[nodiscard]] std::string receive() const {
        pollfd ready{socket_.get(), POLLIN, 0};
        REQUIRE(::poll(&ready, 1, 10'000) == 1);
        char text[65536];
        const ssize_t size = ::recv(socket_.get(), text, sizeof text, 0);
        REQUIRE(size >= 0);
        return {text, static_cast<std::size_t>(size)};
    }

private:
    UniqueFd socket_;
    std::uint16_t port_ = 0;
};

bool has(const std::vector<std::string>& fields, const std::string& field) {
    return std::ranges::find(fields, field) != fields.end();
}

std::string value_of(const std::vector<std::string>& fields, const std::string& name) {
    for (const std::string& field : fields) {
        if (field.starts_with(name + "=")) {
            return field.substr(name.size() + 1);
        }
    }
    return "(none)";
}

}  // namespace

extern "C" int sd_journal_sendv(const iovec* parts, int count) {
    for (int part = 0; part < count; ++part) {
        sent_to_journal().emplace_back(
            static_cast<const char*>(parts[part].iov_base), parts[part].iov_len);
    }
    return answer_of_journal();
}

TEST_CASE("syslog without a local socket goes to localhost", "[LG-12][test_syslog_format]") {
    const UdpReceiver receiver;
    const auto sink =
        log::detail::make_syslog_sink({.path = "/nonexistent", .port = receiver.port()});
    const std::vector<std::pair<Level, int>> priorities{
        {Level::kCritical, LOG_CRIT},
        {Level::kError, LOG_ERR},
        {Level::kWarning, LOG_WARNING},
        {Level::kInfo, LOG_INFO},
        {Level::kDebug, LOG_DEBUG}};
    for (const auto& [level, priority] : priorities) {
        sink->emit(record_of("hello", level));
        CHECK(receiver.receive() == "<" + std::to_string(LOG_USER | priority) + ">hello");
    }
    log::Record record = record_of("failed", Level::kError);
    record.exception = std::make_exception_ptr(std::runtime_error("why"));
    sink->emit(record);
    CHECK(receiver.receive() == "<11>failed\nstd::runtime_error: why");
    sink->emit(record_of(std::string(100'000, 'x')));
    CHECK(receiver.receive().size() == 2048);
}

TEST_CASE("syslog with a local socket goes through libc", "[LG-12][test_syslog_format]") {
    const test::StderrCapture captured;
    // LOG_PERROR: to stderr as well.
    const auto sink = log::detail::make_syslog_sink({.path = "/", .options = LOG_PERROR});
    sink->emit(record_of("100 % %s", Level::kInfo));
    CHECK_THAT(captured.text(), contains(": 100 % %s\n"));
}

TEST_CASE(
    "syslog ignores a date format, and says so", "[LG-12][test_syslog_format_with_date_warning]") {
    const KeepConfig keep;
    const test::StderrCapture captured;
    log::basic_config({.level = Level::kInfo, .log_format = Format::kSyslog});
    CHECK(captured.text().empty());
    log::basic_config({.level = Level::kInfo, .log_format = Format::kSyslog, .date_format = "%Y"});
    CHECK_THAT(captured.text(), contains("date_format"));
    CHECK(test::lines_of(captured.text()).size() == 1);
    CHECK(log::format() == Format::kSyslog);
    log::info("test", "hello");
}

TEST_CASE("journald where no journal runs is refused", "[LG-13][test_journald_format]") {
    try {
        static_cast<void>(log::detail::make_journald_sink("/nonexistent/journal"));
        FAIL("was accepted");
    } catch (const SystemError& error) {
        CHECK(error.code() == ENOENT);
        CHECK_THAT(error.what(), contains("journald") && contains("/nonexistent/journal"));
    }
}

TEST_CASE("the journal gets every field", "[LG-13]") {
    const test::TempDir directory;
    const auto sink = log::detail::make_journald_sink(directory.path());
    sent_to_journal().clear();
    const std::vector<std::string_view> arguments{"7", "b"};
    const std::vector<log::Field> fields{{"user id", 5}, {"text", "two\nlines"}, {"none", nullptr}};
    const std::vector<log::Field> context{{"task_name", "Task-1"}};
    log::Record record = record_of("7 of\nb", Level::kWarning);
    record.logger = "app.db";
    record.format = "{} of\n{}";
    record.arguments = arguments;
    record.time = std::chrono::system_clock::time_point(std::chrono::microseconds(1234567));
    record.thread_name = "painter";
    record.location = std::source_location::current();
    record.fields = fields;
    record.context = context;
    record.exception = std::make_exception_ptr(std::range_error("why: so"));
    sink->emit(record);
    const auto sent = sent_to_journal();
    CHECK(has(sent, "MESSAGE=7 of\nb"));
    CHECK(has(sent, "PRIORITY=4"));
    CHECK(has(sent, "SYSLOG_FACILITY=23"));
    CHECK(value_of(sent, "SYSLOG_IDENTIFIER") == program_invocation_short_name);
    CHECK(has(sent, "LOGGER_NAME=app.db"));
    CHECK(has(sent, "MESSAGE_RAW={} of\n{}"));
    CHECK(has(sent, "CREATED_USEC=1234567"));
    CHECK_THAT(value_of(sent, "CODE_FILE"), test::ends_with("system_log_test.cpp"));
    CHECK(has(sent, "CODE_MODULE=system_log_test"));
    CHECK(has(sent, "CODE_LINE=" + std::to_string(record.location.line())));
    CHECK(value_of(sent, "CODE_FUNC") == record.location.function_name());
    CHECK(has(sent, "PID=" + std::to_string(::getpid())));
    CHECK(value_of(sent, "PROCESS_NAME") == program_invocation_short_name);
    CHECK(has(sent, "THREAD_NAME=painter"));
    CHECK(has(sent, "ARGUMENTS_0=7"));
    CHECK(has(sent, "ARGUMENTS_1=b"));
    CHECK(has(sent, "EXCEPTION_TYPE=std::range_error"));
    CHECK(has(sent, "EXCEPTION_VALUE=why: so"));
    CHECK(has(sent, "TRACEBACK=std::range_error: why: so"));
    CHECK(has(sent, "EXTRA_USER_ID=5"));
    CHECK(has(sent, "EXTRA_TEXT=two\nlines"));
    CHECK(value_of(sent, "EXTRA_NONE") == "(none)");
    CHECK(has(sent, "EXTRA_TASK_NAME=Task-1"));
}

TEST_CASE("a journal that does not take records is told of once", "[LG-13]") {
    const test::TempDir directory;
    const test::StderrCapture captured;
    const auto sink = log::detail::make_journald_sink(directory.path());
    const auto emit = [&sink](int answer) {
        answer_of_journal() = answer;
        sink->emit(record_of("hello"));
    };
    emit(-ENOBUFS);
    emit(-ENOBUFS);
    CHECK(test::lines_of(captured.text()).size() == 1);
    CHECK_THAT(captured.text(), contains("to the journal"));
    emit(0);
    emit(-ENOBUFS);
    CHECK(test::lines_of(captured.text()).size() == 2);
    answer_of_journal() = 0;
}

TEST_CASE("the journal's priorities, and ids of messages", "[LG-13]") {
    const std::vector<std::pair<Level, std::string>> priorities{
        {Level::kCritical, "2"},
        {Level::kError, "3"},
        {Level::kWarning, "4"},
        {Level::kInfo, "6"},
        {Level::kDebug, "7"}};
    for (const auto& [level, priority] : priorities) {
        CHECK(value_of(log::detail::journal_fields(record_of("x", level)), "PRIORITY") == priority);
    }
    const auto id_of = [](std::string_view message, std::string_view format) {
        log::Record record = record_of(message);
        record.format = format;
        return value_of(log::detail::journal_fields(record), "MESSAGE_ID");
    };
    CHECK(id_of("1 left", "{} left").size() == 32);
    CHECK(id_of("1 left", "{} left") == id_of("2 left", "{} left"));
    CHECK(id_of("1 left", "{} left") != id_of("1 left", "{} right"));
}
