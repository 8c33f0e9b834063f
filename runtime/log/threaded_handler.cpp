// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/log/threaded_handler.h>

#include "delivery.h"
#include "record_queue.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <pthread.h>

namespace aiomisc::log {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBytesPerRecord = 1024;
constexpr std::size_t kLeastBytes = std::size_t{1} << 20;
/// A target that was asked to give up is given this long.
constexpr std::chrono::seconds kGiveUpLimit{1};

/// Signals are for the program's own threads; SIGPIPE of a write here harms nobody.
class AllSignalsBlocked {
public:
    AllSignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &previous_);
    }

    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

    ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

private:
    sigset_t previous_{};
};

}  // namespace

/// What the handler and its thread share.
class ThreadedHandler::Core {
public:
    Core(const Sink* handler, std::shared_ptr<Sink> target, ThreadedOptions options)
        : handler_(handler),
          target_(std::move(target)),
          options_(std::move(options)),
          most_bytes_(std::max(kLeastBytes, options_.buffer_size * kBytesPerRecord)),
          statistic_(options_.statistic_name) {}

    static void start(const std::shared_ptr<Core>& core) {
        const AllSignalsBlocked blocked;
        core->thread_ = std::make_unique<std::thread>([core] { core->run(); });
        core->statistic_.threads = 1;
    }

    void emit(const Record& record);
    void flush();
    void close() noexcept;

    void interrupt() noexcept { target_->interrupt(); }

    [[nodiscard]] const ThreadedHandlerStatistic& statistic() const noexcept { return statistic_; }

    [[nodiscard]] bool is_here() const noexcept { return generation_ == detail::fork_generation(); }

private:
    using Lock = std::unique_lock<std::mutex>;

    void run() noexcept;
    void write_batch(Lock& lock);
    void report_dropped(std::uint64_t dropped);
    void give_to_target(const Record& record) noexcept;
    void flush_target() noexcept;
    void emit_directly(const Record& record);
    bool wait_for_place(Lock& lock);
    void wait_until_flushed(Lock& lock, std::uint64_t ticket, Clock::time_point since);
    std::uint64_t request_flush();

    void made_progress() noexcept {
        progress_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    }

    /// Waits for a change; false, at once, when the target is in a call that has lasted longer than
    /// `limit`, of which only the time after `since` counts. A limit of zero: never.
    bool wait_for_change(Lock& lock, Clock::duration limit, Clock::time_point since = {}) {
        if (!writing_ || limit == Clock::duration::zero()) {
            changed_.wait(lock);
            return true;
        }
        const Clock::time_point progress(
            Clock::duration(progress_.load(std::memory_order_relaxed)));
        const Clock::time_point stalls_at = std::max(progress, since) + limit;
        if (Clock::now() >= stalls_at) {
            return false;
        }
        changed_.wait_until(lock, stalls_at);
        return true;
    }

    [[nodiscard]] bool full() const noexcept {
        return waiting_.size() >= options_.buffer_size || waiting_.bytes() >= most_bytes_;
    }

    const Sink* const handler_;  ///< compared only
    const std::shared_ptr<Sink> target_;
    const ThreadedOptions options_;
    const std::size_t most_bytes_;
    const std::uint64_t generation_ = detail::fork_generation();
    ThreadedHandlerStatistic statistic_;
    std::unique_ptr<std::thread> thread_;

    std::mutex mutex_;
    std::condition_variable wake_;     ///< for the thread
    std::condition_variable changed_;  ///< for those who wait for a place or a flush
    detail::RecordQueue waiting_;
    detail::RecordQueue batch_;  ///< the thread's own, while writing_
    bool urgent_ = false;        ///< not to wait for flush_interval
    bool writing_ = false;
    bool closing_ = false;
    bool closed_ = false;     ///< the thread is at its end
    bool abandoned_ = false;  ///< the target is stuck
    std::uint64_t flush_wanted_ = 0;
    std::uint64_t flush_done_ = 0;
    std::uint64_t records_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t dropped_reported_ = 0;
    std::atomic<Clock::rep> progress_{0};
    std::mutex direct_mutex_;  ///< of the target, once the thread is gone
};

void ThreadedHandler::Core::emit(const Record& record) {
    if (!is_here()) {
        give_to_target(record);
        flush_target();
        return;
    }
    Lock lock(mutex_);
    if (!closed_ && full() && !wait_for_place(lock)) {
        ++dropped_;
        ++statistic_.dropped;
        return;
    }
    if (closed_) {
        lock.unlock();
        emit_directly(record);
        return;
    }
    waiting_.push(record);
    statistic_.records = static_cast<double>(++records_);
    if (waiting_.size() == 1) {
        wake_.notify_one();
    }
    if (waiting_.size() == options_.buffer_size / 2) {
        urgent_ = true;
        wake_.notify_one();
    }
    if (record.level >= Level::kCritical) {
        // No grace: where the target has stalled, nobody waits.
        wait_until_flushed(lock, request_flush(), {});
    }
}

void ThreadedHandler::Core::emit_directly(const Record& record) {
    if (abandoned_) {
        ++statistic_.dropped;
        return;
    }
    const std::lock_guard lock(direct_mutex_);
    statistic_.records = static_cast<double>(++records_);
    give_to_target(record);
    flush_target();
}

/// Whether there is a place; false when the target has stalled.
bool ThreadedHandler::Core::wait_for_place(Lock& lock) {
    if (std::this_thread::get_id() == thread_->get_id()) {
        return false;  // the target logs: its thread cannot wait for itself
    }
    urgent_ = true;
    wake_.notify_one();
    while (full() && !closed_) {
        if (!wait_for_change(lock, options_.stall_limit)) {
            return false;
        }
    }
    return true;
}

std::uint64_t ThreadedHandler::Core::request_flush() {
    urgent_ = true;
    wake_.notify_one();
    return ++flush_wanted_;
}

void ThreadedHandler::Core::wait_until_flushed(
    Lock& lock, std::uint64_t ticket, Clock::time_point since) {
    if (std::this_thread::get_id() == thread_->get_id()) {
        return;
    }
    while (flush_done_ < ticket && !closed_ && wait_for_change(lock, options_.stall_limit, since)) {
    }
}

void ThreadedHandler::Core::flush() {
    if (!is_here()) {
        flush_target();
        return;
    }
    Lock lock(mutex_);
    if (closed_) {
        return;
    }
    wait_until_flushed(lock, request_flush(), Clock::now());
}

void ThreadedHandler::Core::run() noexcept {
    ::pthread_setname_np(::pthread_self(), "aiomisc-log");
    Lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return waiting_.size() > 0 || urgent_ || closing_; });
        wake_.wait_for(lock, options_.flush_interval, [this] { return urgent_ || closing_; });
        write_batch(lock);
        if (closing_ && (waiting_.size() == 0 || abandoned_)) {
            break;
        }
    }
    if (abandoned_) {
        statistic_.dropped += static_cast<double>(waiting_.size());
        waiting_.clear(0);
    }
    closed_ = true;
    statistic_.threads = 0;
    changed_.notify_all();
}

/// Writes what waits. The lock is open meanwhile.
void ThreadedHandler::Core::write_batch(Lock& lock) {
    std::swap(waiting_, batch_);
    const std::uint64_t ticket = flush_wanted_;
    const std::uint64_t dropped = std::exchange(dropped_reported_, dropped_);
    urgent_ = false;
    writing_ = true;
    made_progress();
    changed_.notify_all();  // there is place again
    lock.unlock();
    try {
        batch_.for_each([this](const Record& record) {
            give_to_target(record);
            made_progress();
        });
        if (dropped_reported_ != dropped) {
            report_dropped(dropped_reported_ - dropped);
        }
    } catch (...) {
        ++statistic_.errors;  // no memory
    }
    flush_target();
    batch_.clear(most_bytes_);
    lock.lock();
    writing_ = false;
    flush_done_ = ticket;
    changed_.notify_all();
}

/// Their place is where they would have been: behind what found the buffer full.
void ThreadedHandler::Core::report_dropped(std::uint64_t dropped) {
    const std::string message = fmt::format("{} records dropped", dropped);
    const std::string count = fmt::format("{}", dropped);
    const std::string_view arguments[] = {count};
    Record record;
    record.level = Level::kWarning;
    record.logger = "aiomisc.log";
    record.message = message;
    record.format = "{} records dropped";
    record.arguments = arguments;
    record.time = std::chrono::system_clock::now();
    record.thread_name = "aiomisc-log";
    give_to_target(record);
}

void ThreadedHandler::Core::give_to_target(const Record& record) noexcept {
    const detail::InsideSink inside_handler(handler_);
    const detail::InsideSink inside(target_.get());
    try {
        target_->emit(record);
    } catch (...) {
        ++statistic_.errors;
    }
}

void ThreadedHandler::Core::flush_target() noexcept {
    const detail::InsideSink inside_handler(handler_);
    const detail::InsideSink inside(target_.get());
    try {
        target_->flush();
    } catch (...) {
        ++statistic_.errors;
    }
    ++statistic_.flushes;
}

void ThreadedHandler::Core::close() noexcept {
    if (!is_here()) {
        static_cast<void>(thread_.release());  // there is no such thread in this process
        return;
    }
    Lock lock(mutex_);
    if (!thread_) {
        return;
    }
    closing_ = true;
    wake_.notify_one();
    const Clock::duration limit =
        options_.stall_limit.count() == 0 ? Clock::duration(kGiveUpLimit) : options_.stall_limit;
    const Clock::time_point since = Clock::now();
    while (!closed_ && wait_for_change(lock, limit, since)) {
    }
    if (!closed_) {
        abandoned_ = true;
        target_->interrupt();
        changed_.wait_for(lock, kGiveUpLimit, [this] { return closed_; });
    }
    const std::unique_ptr<std::thread> thread = std::move(thread_);
    if (!closed_) {
        thread->detach();  // it keeps this object alive
        closed_ = true;
        return;
    }
    lock.unlock();
    thread->join();
}

namespace {

struct LivingHandlers {
    std::mutex mutex;
    std::vector<std::weak_ptr<ThreadedHandler::Core>> cores;
};

// Never destroyed: handlers may be made and closed by exit handlers.
LivingHandlers& living_handlers() {
    static auto& living = *new LivingHandlers;
    return living;
}

void remember(const std::shared_ptr<ThreadedHandler::Core>& core) {
    static const bool registered = std::atexit(&ThreadedHandler::close_all) == 0;
    static_cast<void>(registered);
    LivingHandlers& living = living_handlers();
    const std::lock_guard lock(living.mutex);
    std::erase_if(living.cores, [](const auto& candidate) { return candidate.expired(); });
    living.cores.push_back(core);
}

}  // namespace

ThreadedHandler::ThreadedHandler(std::shared_ptr<Sink> target, ThreadedOptions options) {
    if (!target || options.buffer_size == 0) {
        throw std::invalid_argument("a threaded handler needs a target and a buffer");
    }
    core_ = std::make_shared<Core>(this, std::move(target), std::move(options));
    remember(core_);
    Core::start(core_);
}

ThreadedHandler::~ThreadedHandler() {
    close();
}

void ThreadedHandler::emit(const Record& record) {
    core_->emit(record);
}

void ThreadedHandler::flush() {
    core_->flush();
}

void ThreadedHandler::interrupt() noexcept {
    core_->interrupt();
}

void ThreadedHandler::close() noexcept {
    core_->close();
}

const ThreadedHandlerStatistic& ThreadedHandler::statistic() const noexcept {
    return core_->statistic();
}

void ThreadedHandler::close_all() noexcept {
    LivingHandlers& living = living_handlers();
    std::vector<std::shared_ptr<Core>> cores;
    {
        const std::lock_guard lock(living.mutex);
        for (const auto& candidate : living.cores) {
            if (auto core = candidate.lock()) {
                cores.push_back(std::move(core));
            }
        }
    }
    for (const auto& core : cores) {
        core->close();
    }
}

std::shared_ptr<ThreadedHandler> wrap_logging_handler(
    std::shared_ptr<Sink> sink, ThreadedOptions options) {
    return std::make_shared<ThreadedHandler>(std::move(sink), std::move(options));
}

}  // namespace aiomisc::log
