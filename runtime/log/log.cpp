// SPDX-License-Identifier: MIT

// The way of a record from the call that logs it to the sinks, and what changes the sinks.

#include <aiomisc/runtime/log/log.h>

#include "delivery.h"
#include "gate.h"
#include "pipeline.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/context.h>
#include <aiomisc/runtime/log/unhandled.h>

#include <array>
#include <climits>
#include <memory>
#include <mutex>

#include <fmt/format.h>

#include <execinfo.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace aiomisc::log {

namespace {

using detail::Gate;
using detail::InsideSink;
using detail::Pipeline;
using detail::Settings;

/// How long a thread that is stuck in a write to a reader that does not read is waited for.
constexpr std::chrono::milliseconds kStuckLimit{1000};
constexpr std::size_t kMostArguments = 16;
constexpr int kMostFrames = 48;

std::atomic<Level> current_level{Level::kInfo};
std::atomic<Format> current_format{Format::kPlain};
std::atomic<std::uint64_t> generation{0};

/// What changes while the gate is closed, and is read inside.
struct Place {
    Gate gate;
    std::atomic<Pipeline*> pipeline{nullptr};
    Settings settings;
    /// Still in use by threads that were stuck when they were replaced.
    std::vector<std::unique_ptr<const Pipeline>> retired;
};

// Never destroyed: exit handlers log too.
Place& place() {
    static auto& instance = *new Place;
    return instance;
}

int threshold_of(const Settings& settings, bool nobody) {
    return nobody ? INT_MAX : static_cast<int>(settings.level);
}

/// The sink of the format alone, for a process that was not configured, or that was just forked.
Pipeline* make_plain_pipeline(Place& here) {
    Settings settings = here.settings;
    settings.buffered = false;
    std::unique_ptr<Pipeline> made;
    try {
        made = std::make_unique<Pipeline>(settings, nullptr);
    } catch (const SystemError&) {
        settings.format = Format::kPlain;  // the journal has gone
        made = std::make_unique<Pipeline>(settings, nullptr);
    }
    Pipeline* there = nullptr;
    if (here.pipeline.compare_exchange_strong(there, made.get())) {
        return made.release();
    }
    return there;
}

/// Held while the process forks. Empty if it took too long: a syslog that does not answer must not
/// keep the program from forking.
std::unique_lock<std::mutex>& c_library_held() {
    static auto& held = *new std::unique_lock<std::mutex>;
    return held;
}

// A child has one thread, and none of the others' locks. What the old sinks hold stays where it is:
// to close them is for the parent.
[[maybe_unused]] const int kForkHandlers = ::pthread_atfork(
    [] {
        place().gate.before_fork();
        c_library_held() = detail::lock_in_time(detail::c_library_mutex());
    },
    [] {
        c_library_held() = {};
        place().gate.after_fork_in_parent();
    },
    [] {
        static_cast<void>(c_library_held().release());  // the child's is another one
        generation.fetch_add(1);
        place().pipeline.store(nullptr);
        for (auto& pipeline : place().retired) {
            static_cast<void>(pipeline.release());  // NOLINT(bugprone-unused-return-value)
        }
        place().retired.clear();
        if (place().settings.format == Format::kDisabled) {
            detail::threshold.store(INT_MAX);
        }
        place().gate.after_fork_in_child();
    });

/// Read anew once a second only: it is a system call.
std::string_view thread_name(std::chrono::system_clock::time_point now) {
    constexpr std::size_t kSize = 16;  // the kernel's
    thread_local std::array<char, kSize> name{};
    thread_local std::chrono::system_clock::time_point read_at;
    if (now - read_at > std::chrono::seconds(1) || now < read_at) {
        ::prctl(PR_GET_NAME, name.data());
        read_at = now;
    }
    return name.data();
}

/// The arguments of a call, each as text.
class ArgumentTexts {
public:
    explicit ArgumentTexts(fmt::format_args arguments) {
        constexpr std::array kFormats{
            "{0}",
            "{1}",
            "{2}",
            "{3}",
            "{4}",
            "{5}",
            "{6}",
            "{7}",
            "{8}",
            "{9}",
            "{10}",
            "{11}",
            "{12}",
            "{13}",
            "{14}",
            "{15}"};
        static_assert(kFormats.size() == kMostArguments);
        std::array<std::size_t, kMostArguments + 1> ends{};
        while (size_ < kMostArguments && arguments.get(static_cast<int>(size_))) {
            fmt::vformat_to(std::back_inserter(text_), kFormats[size_], arguments);
            ends[++size_] = text_.size();
        }
        for (std::size_t number = 0; number < size_; ++number) {
            texts_[number] = {text_.data() + ends[number], ends[number + 1] - ends[number]};
        }
    }

    [[nodiscard]] std::span<const std::string_view> texts() const {
        return std::span(texts_).first(size_);
    }

private:
    fmt::memory_buffer text_;
    std::array<std::string_view, kMostArguments> texts_;
    std::size_t size_ = 0;
};

/// Completes the record with what the sinks want, and hands it over.
void dispatch(Record& record, const fmt::format_args* arguments) {
    Place& here = place();
    // A sink that logs while it is being closed must not wait for that.
    const Gate::Pass pass(
        here.gate,
        InsideSink::contains(nullptr) ? Gate::WhenClosed::kTurnBack : Gate::WhenClosed::kWait);
    if (!pass) {
        return;
    }
    Pipeline* pipeline = here.pipeline.load(std::memory_order_acquire);
    if (pipeline == nullptr) {
        pipeline = make_plain_pipeline(here);
    }
    std::optional<ArgumentTexts> texts;
    if (pipeline->wants_arguments() && arguments != nullptr) {
        texts.emplace(*arguments);
        record.arguments = texts->texts();
    }
    if (pipeline->wants_thread()) {
        record.thread_name = thread_name(record.time);
        record.thread_id = ::gettid();
    }
    detail::ContextFields context;
    if (pipeline->wants_context()) {
        detail::collect_context(context);
        record.context = context.fields();
    }
    std::array<void*, kMostFrames> frames{};
    if (pipeline->wants_backtrace() && record.exception && record.backtrace.empty()) {
        const int count = ::backtrace(frames.data(), kMostFrames);
        record.backtrace = std::span(frames).first(static_cast<std::size_t>(count));
    }
    pipeline->emit(record);
}

}  // namespace

std::uint64_t detail::fork_generation() noexcept {
    return generation.load(std::memory_order_relaxed);
}

void basic_config(const Config& config) {
    const Settings settings = detail::resolve(config);
    auto made = std::make_unique<Pipeline>(settings, &config);
    install_unhandled_hook();
    Place& here = place();
    std::vector<std::unique_ptr<const Pipeline>> unused;
    here.gate.closed(kStuckLimit, [&](bool alone) {
        here.retired.reserve(here.retired.size() + 1);
        Pipeline* previous = here.pipeline.load();
        if (previous != nullptr) {
            previous->close();
            here.retired.emplace_back(previous);
        }
        here.settings = settings;
        here.pipeline.store(made.release());
        detail::threshold.store(threshold_of(settings, here.pipeline.load()->empty()));
        current_level.store(settings.level);
        current_format.store(settings.format);
        if (alone) {
            unused.swap(here.retired);
        }
    });
    // Here their sinks are destroyed, which may log.
}

void flush() noexcept {
    Place& here = place();
    const Gate::Pass pass(here.gate, Gate::WhenClosed::kTurnBack);
    if (!pass) {
        return;  // basic_config() flushes
    }
    if (const Pipeline* pipeline = here.pipeline.load(std::memory_order_acquire)) {
        pipeline->flush();
    }
}

Level level() noexcept {
    return current_level.load(std::memory_order_relaxed);
}

Format format() noexcept {
    return current_format.load(std::memory_order_relaxed);
}

std::optional<std::string> date_format() {
    Place& here = place();
    const Gate::Pass pass(here.gate, Gate::WhenClosed::kWait);
    return here.settings.date_format;
}

void write(Level level, std::string_view logger, std::string_view message) noexcept {
    if (!enabled(level)) {
        return;
    }
    try {
        Record record;
        record.level = level;
        record.logger = logger;
        record.message = message;
        record.format = message;
        record.time = std::chrono::system_clock::now();
        dispatch(record, nullptr);
    } catch (...) {  // NOLINT(bugprone-empty-catch): there is nowhere left to say so
    }
}

void detail::write_formatted(
    const Call& call, fmt::string_view format, fmt::format_args arguments) noexcept {
    try {
        fmt::memory_buffer message;
        bool formatted = true;
        try {
            fmt::vformat_to(std::back_inserter(message), format, arguments);
        } catch (const std::exception& error) {
            const std::string_view text = error.what();
            message.clear();
            message.append(text.data(), text.data() + text.size());
            formatted = false;
        }
        Record record;
        record.level = call.level;
        record.logger = call.logger;
        record.message = {message.data(), message.size()};
        record.format = {format.data(), format.size()};
        record.location = call.location;
        record.time = std::chrono::system_clock::now();
        std::vector<Field> fields;
        if (call.attached != nullptr) {
            for (const OwnedField& field : call.attached->fields) {
                fields.push_back(field.view());
            }
            record.fields = fields;
            record.exception = call.attached->exception;
        }
        dispatch(record, formatted ? &arguments : nullptr);
    } catch (...) {  // NOLINT(bugprone-empty-catch): there is nowhere left to say so
    }
}

void detail::write_uncaught(
    const std::exception_ptr& exception, std::span<void* const> frames) noexcept {
    if (!enabled(Level::kCritical)) {
        return;
    }
    try {
        constexpr std::string_view kMessage = "uncaught exception";
        constexpr std::string_view kTerminated = "std::terminate was called";
        Record record;
        record.level = Level::kCritical;
        record.logger = "unhandled";
        record.message = exception ? kMessage : kTerminated;
        record.format = record.message;
        record.time = std::chrono::system_clock::now();
        record.exception = exception;
        record.backtrace = frames;
        dispatch(record, nullptr);
    } catch (...) {  // NOLINT(bugprone-empty-catch): the previous handler says the rest
    }
}

}  // namespace aiomisc::log
