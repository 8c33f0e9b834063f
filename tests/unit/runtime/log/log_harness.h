// SPDX-License-Identifier: MIT
#pragma once

#include "support/catch.h"
#include "support/stderr_capture.h"
#include "support/wait_until.h"

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/log/log.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace aiomisc::test {

/// Sets an environment variable, and takes it back.
class Environment {
public:
    Environment(const char* name, const std::string& value) : name_(name) {
        ::setenv(name, value.c_str(), 1);
    }

    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    ~Environment() { ::unsetenv(name_); }

private:
    const char* name_;
};

/// Leaves logging as a process has it that did not configure it.
class KeepConfig {
public:
    KeepConfig() = default;
    KeepConfig(const KeepConfig&) = delete;
    KeepConfig& operator=(const KeepConfig&) = delete;

    ~KeepConfig() {
        log::basic_config({.level = log::Level::kInfo, .log_format = log::Format::kPlain});
    }
};

/// What a sink was given, kept.
struct KeptRecord {
    explicit KeptRecord(const log::Record& record)
        : level(record.level),
          logger(record.logger),
          message(record.message),
          format(record.format),
          arguments(record.arguments.begin(), record.arguments.end()),
          thread_name(record.thread_name),
          line(record.location.line()),
          exception(record.exception),
          frames(record.backtrace.size()) {}

    log::Level level;
    std::string logger;
    std::string message;
    std::string format;
    std::vector<std::string> arguments;
    std::string thread_name;
    unsigned line;
    std::exception_ptr exception;
    std::size_t frames;
};

/// Keeps what it gets.
class KeepingSink final : public log::Sink {
public:
    void emit(const log::Record& record) override {
        const std::lock_guard lock(mutex_);
        records_.emplace_back(record);
    }

    void flush() override {
        const std::lock_guard lock(mutex_);
        ++flushes_;
    }

    [[nodiscard]] std::vector<KeptRecord> records() const {
        const std::lock_guard lock(mutex_);
        return records_;
    }

    [[nodiscard]] std::vector<std::string> messages() const {
        std::vector<std::string> texts;
        for (const KeptRecord& record : records()) {
            texts.push_back(record.message);
        }
        return texts;
    }

    [[nodiscard]] int flushes() const {
        const std::lock_guard lock(mutex_);
        return flushes_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<KeptRecord> records_;
    int flushes_ = 0;
};

/// A sink made of a function.
class FunctionSink final : public log::Sink {
public:
    explicit FunctionSink(std::function<void(const log::Record&)> function)
        : function_(std::move(function)) {}

    void emit(const log::Record& record) override { function_(record); }

private:
    std::function<void(const log::Record&)> function_;
};

/// A record with the given message.
inline log::Record record_of(std::string_view message, log::Level level = log::Level::kInfo) {
    log::Record record;
    record.level = level;
    record.logger = "test";
    record.message = message;
    record.format = message;
    return record;
}

/// Two ends that are connected: what is written to `writing` is read from `reading`.
struct Ends {
    UniqueFd reading;
    UniqueFd writing;

    static Ends pipe() {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        return {UniqueFd(ends[0]), UniqueFd(ends[1])};
    }

    /// Keeps each write() apart.
    static Ends datagrams() {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
        return {UniqueFd(ends[0]), UniqueFd(ends[1])};
    }
};

/// All that can be read without waiting, one text for each datagram or piece of a pipe.
inline std::vector<std::string> read_available(const UniqueFd& fd) {
    std::vector<std::string> found;
    std::vector<char> text(1 << 16);
    pollfd ready{fd.get(), POLLIN, 0};
    while (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0) {
        const ssize_t size = ::read(fd.get(), text.data(), text.size());
        if (size <= 0) {
            break;
        }
        found.emplace_back(text.data(), static_cast<std::size_t>(size));
    }
    return found;
}

/// The same as one text.
inline std::string text_available(const UniqueFd& fd) {
    std::string all;
    for (const std::string& part : read_available(fd)) {
        all += part;
    }
    return all;
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         end = text.find('\n', begin)) {
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    if (begin < text.size()) {
        lines.push_back(text.substr(begin) + " (no newline)");
    }
    return lines;
}

}  // namespace aiomisc::test
