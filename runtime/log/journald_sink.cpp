// SPDX-License-Identifier: MIT
#include "journald_sink.h"

#include "exception_text.h"
#include "json_text.h"
#include "line_format.h"
#include "syslog_priority.h"

#include <aiomisc/runtime/base/error.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

// Or its macros add the place of the call in this file to every record.
#define SD_JOURNAL_SUPPRESS_LOCATION  // NOLINT(readability-identifier-naming): systemd's name
#include <systemd/sd-journal.h>

namespace aiomisc::log::detail {

namespace {

constexpr int kFacility = LOG_LOCAL7 >> 3;  // the journal counts facilities from 0

/// A field name of the journal: A-Z, 0-9 and _, 64 at most.
std::string field_name(std::string_view prefix, std::string_view key) {
    constexpr std::size_t kLongest = 64;
    std::string name(prefix);
    for (const char letter : key.substr(0, kLongest - prefix.size())) {
        const auto byte = static_cast<unsigned char>(letter);
        name +=
            byte < 0x80 && std::isalnum(byte) != 0 ? static_cast<char>(std::toupper(byte)) : '_';
    }
    return name;
}

/// The same for every record of one place in the code: FNV-1a, 128 bits, of logger and template.
std::string message_id(const Record& record) {
    __extension__ using Wide = unsigned __int128;
    Wide hash = (Wide{0x6c62272e07bb0142} << 64) | 0x62b821756295c58d;
    const Wide prime = (Wide{0x0000000001000000} << 64) | 0x000000000000013B;
    const auto mix = [&](std::string_view text) {
        for (const char byte : text) {
            hash = (hash ^ static_cast<unsigned char>(byte)) * prime;
        }
    };
    mix(record.logger);
    mix(std::string_view("\0", 1));
    mix(record.format);
    return fmt::format(
        "{:016x}{:016x}", static_cast<std::uint64_t>(hash >> 64), static_cast<std::uint64_t>(hash));
}

class Fields {
public:
    template <typename Given>
    void add(std::string_view name, const Given& value) {
        fields_.push_back(fmt::format("{}={}", name, value));
    }

    void add_all(std::span<const Field> fields) {
        for (const Field& field : fields) {
            if (field.value == Value(nullptr)) {
                continue;
            }
            fmt::memory_buffer text;
            append_text_value(text, field.value);
            add(field_name("EXTRA_", field.key), std::string_view(text.data(), text.size()));
        }
    }

    std::vector<std::string> take() { return std::move(fields_); }

private:
    std::vector<std::string> fields_;
};

void add_exception(const Record& record, Fields& fields) {
    if (!record.exception && record.backtrace.empty()) {
        return;
    }
    const std::string chain = exception_chain(record.exception);
    const std::string first = chain.substr(0, chain.find('\n'));
    const std::size_t colon = first.find(": ");
    fields.add("EXCEPTION_TYPE", first.substr(0, colon));
    fields.add("EXCEPTION_VALUE", colon == std::string::npos ? "" : first.substr(colon + 2));
    fields.add(
        "TRACEBACK",
        record.backtrace.empty() ? chain : chain + "\n" + backtrace_text(record.backtrace));
}

class JournaldSink final : public Sink {
public:
    void emit(const Record& record) override {
        const std::vector<std::string> fields = journal_fields(record);
        std::vector<iovec> parts;
        parts.reserve(fields.size());
        for (const std::string& field : fields) {
            // sd_journal_sendv() only reads.
            parts.push_back({const_cast<char*>(field.data()), field.size()});
        }
        // libsystemd sends what is too large for a datagram as a sealed memory file.
        const int result = ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
        if (result >= 0) {
            complained_ = false;
        } else if (!std::exchange(complained_, true)) {
            const SystemError error = SystemError::from_code(-result, "send", "to the journal");
            std::fprintf(stderr, "aiomisc: %s\n", error.what());
        }
    }

private:
    bool complained_ = false;  ///< once is enough, until it works again
};

}  // namespace

std::vector<std::string> journal_fields(const Record& record) {
    Fields fields;
    fields.add("MESSAGE", record.message);
    fields.add("PRIORITY", syslog_priority(record.level));
    fields.add("SYSLOG_FACILITY", kFacility);
    fields.add("SYSLOG_IDENTIFIER", std::string_view(::program_invocation_short_name));
    fields.add("MESSAGE_ID", message_id(record));
    fields.add("MESSAGE_RAW", record.format);
    fields.add("LOGGER_NAME", record.logger);
    fields.add(
        "CREATED_USEC",
        std::chrono::duration_cast<std::chrono::microseconds>(record.time.time_since_epoch())
            .count());
    if (record.location.line() != 0) {
        const std::string_view path = record.location.file_name();
        const std::string_view file = path.substr(path.rfind('/') + 1);
        fields.add("CODE_FILE", path);
        fields.add("CODE_FUNC", std::string_view(record.location.function_name()));
        fields.add("CODE_LINE", record.location.line());
        fields.add("CODE_MODULE", file.substr(0, file.find('.')));
    }
    fields.add("PID", ::getpid());
    fields.add("PROCESS_NAME", std::string_view(::program_invocation_short_name));
    fields.add("THREAD_NAME", record.thread_name);
    fields.add("THREAD_ID", record.thread_id);
    for (std::size_t number = 0; number < record.arguments.size(); ++number) {
        fields.add(fmt::format("ARGUMENTS_{}", number), record.arguments[number]);
    }
    add_exception(record, fields);
    fields.add_all(record.fields);
    fields.add_all(record.context);
    return fields.take();
}

std::shared_ptr<Sink> make_journald_sink(const std::string& socket) {
    if (::access(socket.c_str(), F_OK) != 0) {
        throw SystemError::from_errno("log format journald", socket);
    }
    return std::make_shared<JournaldSink>();
}

}  // namespace aiomisc::log::detail
