// SPDX-License-Identifier: MIT
#include "syslog_sink.h"

#include "delivery.h"
#include "exception_text.h"
#include "line_format.h"
#include "syslog_priority.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <mutex>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include <spdlog/details/log_msg.h>
#include <spdlog/sinks/syslog_sink.h>

namespace aiomisc::log::detail {

namespace {

/// What a datagram of syslog holds at most by RFC 5426's advice for IPv4.
constexpr std::size_t kMostBytes = 2048;

spdlog::level::level_enum spdlog_level(Level level) noexcept {
    switch (level) {
        case Level::kCritical:
            return spdlog::level::critical;
        case Level::kError:
            return spdlog::level::err;
        case Level::kWarning:
            return spdlog::level::warn;
        case Level::kInfo:
            return spdlog::level::info;
        case Level::kDebug:
        case Level::kNotset:
            break;
    }
    return spdlog::level::debug;
}

fmt::memory_buffer text_of(const Record& record) {
    fmt::memory_buffer text;
    append(text, record.message);
    append_exception(record, text);
    return text;
}

class LocalSyslog final : public Sink {
public:
    explicit LocalSyslog(int options) {
        const std::lock_guard lock(c_library_mutex());
        target_.emplace(std::string(), options, LOG_USER, false);
    }

    LocalSyslog(const LocalSyslog&) = delete;
    LocalSyslog& operator=(const LocalSyslog&) = delete;

    ~LocalSyslog() override {
        const std::lock_guard lock(c_library_mutex());
        target_.reset();
    }

    void emit(const Record& record) override {
        const fmt::memory_buffer text = text_of(record);
        const std::lock_guard lock(c_library_mutex());
        target_->log(spdlog::details::log_msg(
            spdlog::source_loc{},
            spdlog::string_view_t(),
            spdlog_level(record.level),
            spdlog::string_view_t(text.data(), text.size())));
    }

private:
    std::optional<spdlog::sinks::syslog_sink_mt> target_;
};

/// spdlog has no such sink in the oldest version we build with.
class UdpSyslog final : public Sink {
public:
    explicit UdpSyslog(std::uint16_t port)
        : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (!socket_ ||
            ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
                0) {
            throw SystemError::from_errno("syslog", "localhost");
        }
    }

    void emit(const Record& record) override {
        const fmt::memory_buffer message = text_of(record);
        std::string datagram = fmt::format("<{}>", LOG_USER | syslog_priority(record.level));
        datagram.append(message.data(), message.size());
        datagram.resize(std::min(datagram.size(), kMostBytes));
        static_cast<void>(!::send(socket_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL));
    }

private:
    UniqueFd socket_;
};

}  // namespace

std::shared_ptr<Sink> make_syslog_sink(const SyslogTarget& target) {
    if (::access(target.path.c_str(), F_OK) == 0) {
        return std::make_shared<LocalSyslog>(target.options);
    }
    return std::make_shared<UdpSyslog>(target.port);
}

}  // namespace aiomisc::log::detail
