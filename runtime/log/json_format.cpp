// SPDX-License-Identifier: MIT
#include "exception_text.h"
#include "json_text.h"
#include "line_format.h"
#include "time_text.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <unistd.h>

namespace aiomisc::log::detail {

namespace {

constexpr int kErrnoOfException = 255;

std::string_view json_level(Level level) noexcept {
    switch (level) {
        case Level::kCritical:
            return R"("fatal")";
        case Level::kError:
            return R"("error")";
        case Level::kWarning:
            return R"("warn")";
        case Level::kInfo:
            return R"("info")";
        case Level::kDebug:
            return R"("debug")";
        case Level::kNotset:
            break;
    }
    return "null";
}

constexpr std::array<std::string_view, 10> kOwnKeys{
    "errno",
    "code_file",
    "code_func",
    "code_line",
    "code_module",
    "identifier",
    "message_raw",
    "pid",
    "process_name",
    "thread_name"};

std::string_view file_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

/// Writes `"key":value` pairs with commas between them.
class ObjectWriter {
public:
    explicit ObjectWriter(fmt::memory_buffer& out) : out_(out) { out_.push_back('{'); }

    /// Writes the key; the value is for the caller. `key` is a literal that needs no escaping.
    void key(std::string_view key) {
        separate();
        out_.push_back('"');
        append(out_, key);
        append(out_, "\":");
    }

    void text(std::string_view name, std::string_view value) {
        key(name);
        append_json_string(out_, value);
    }

    void number(std::string_view name, std::int64_t value) {
        key(name);
        fmt::format_to(std::back_inserter(out_), "{}", value);
    }

    void field(const Field& field) {
        separate();
        append_json_string(out_, field.key);
        out_.push_back(':');
        append_json_value(out_, field.value);
    }

    void end() { out_.push_back('}'); }

private:
    void separate() {
        if (!first_) {
            out_.push_back(',');
        }
        first_ = false;
    }

    fmt::memory_buffer& out_;
    bool first_ = true;
};

class JsonFormat final : public LineFormat {
public:
    explicit JsonFormat(std::string_view date_format) : date_(date_format) {}

    void append(const Record& record, fmt::memory_buffer& out) override {
        ObjectWriter object(out);
        object.text("msg", record.message);
        object.key("level");
        detail::append(out, json_level(record.level));
        object.key("@fields");
        append_fields(record, out);
        if (date_.wanted()) {
            append_timestamp(record, object, out);
        }
        if (record.exception || !record.backtrace.empty()) {
            std::string trace = exception_chain(record.exception);
            if (!record.backtrace.empty()) {
                trace += "\n" + backtrace_text(record.backtrace);
            }
            object.text("stackTrace", trace);
        }
        object.end();
        out.push_back('\n');
    }

private:
    static void append_fields(const Record& record, fmt::memory_buffer& out) {
        ObjectWriter object(out);
        object.number("errno", record.exception ? kErrnoOfException : 0);
        if (record.location.line() != 0) {
            const std::string_view file = file_name(record.location.file_name());
            object.text("code_file", file);
            object.text("code_func", record.location.function_name());
            object.number("code_line", record.location.line());
            object.text("code_module", file.substr(0, file.find('.')));
        }
        object.text("identifier", record.logger);
        object.text("message_raw", record.format);
        object.number("pid", ::getpid());
        object.text("process_name", ::program_invocation_short_name);
        object.text("thread_name", record.thread_name);
        append_given(record.fields, {}, record.arguments.size(), object);
        append_given(record.context, record.fields, record.arguments.size(), object);
        for (std::size_t number = 0; number < record.arguments.size(); ++number) {
            object.text(fmt::format("argument_{}", number), record.arguments[number]);
        }
        object.end();
    }

    /// A key appears once: our own wins over those given, and `before` over `fields`.
    static void append_given(
        std::span<const Field> fields,
        std::span<const Field> before,
        std::size_t arguments,
        ObjectWriter& object) {
        for (std::size_t at = 0; at < fields.size(); ++at) {
            const Field& field = fields[at];
            const auto has_key = [&field](const Field& other) { return other.key == field.key; };
            if (field.key.starts_with('_') || field.value == Value(nullptr) ||
                std::ranges::find(kOwnKeys, field.key) != kOwnKeys.end() ||
                std::ranges::any_of(fields.first(at), has_key) ||
                std::ranges::any_of(before, has_key) || is_argument_key(field.key, arguments)) {
                continue;
            }
            object.field(field);
        }
    }

    static bool is_argument_key(std::string_view key, std::size_t arguments) {
        for (std::size_t number = 0; number < arguments; ++number) {
            if (key == fmt::format("argument_{}", number)) {
                return true;
            }
        }
        return false;
    }

    void append_timestamp(const Record& record, ObjectWriter& object, fmt::memory_buffer& out) {
        if (date_.pattern() != "%s") {
            object.text("@timestamp", date_.of(record.time));
            return;
        }
        object.key("@timestamp");
        const auto microseconds =
            std::chrono::duration_cast<std::chrono::microseconds>(record.time.time_since_epoch())
                .count();
        fmt::format_to(
            std::back_inserter(out),
            "{}.{:06}",
            microseconds / 1'000'000,
            microseconds % 1'000'000);
    }

    TimeText date_;
};

}  // namespace

std::unique_ptr<LineFormat> make_json_format(std::string_view date_format) {
    return std::make_unique<JsonFormat>(date_format);
}

}  // namespace aiomisc::log::detail
