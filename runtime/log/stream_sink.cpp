// SPDX-License-Identifier: MIT
#include "stream_sink.h"

#include "delivery.h"

#include <aiomisc/runtime/log/line_hook.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <mutex>
#include <string>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace aiomisc::log {

namespace {

/// How often a buffer's thread that waits for its reader looks whether it is to give up.
constexpr int kPollMilliseconds = 50;
/// How long a thread that logs directly waits for a descriptor that somebody made non-blocking.
constexpr int kDirectWaitMilliseconds = 1000;

struct HookPlace {
    std::atomic<bool> set{false};
    std::mutex mutex;
    LineHook hook;
};

/// What a parent draws is not for its children to draw.
HookPlace& hook_place() {
    return detail::per_process<HookPlace>();
}

}  // namespace

void set_line_hook(LineHook hook) {
    HookPlace& place = hook_place();
    const std::lock_guard lock(place.mutex);
    place.set.store(hook.before || hook.after, std::memory_order_release);
    place.hook = std::move(hook);
}

namespace detail {

StreamSink::StreamSink(int fd, std::unique_ptr<LineFormat> format, Mode mode)
    : fd_(fd), mode_(mode), format_(std::move(format)) {}

void StreamSink::emit(const Record& record) {
    line_.clear();
    format_->append(record, line_);
    if (mode_ == Mode::kDirect) {
        write_lines({line_.data(), line_.size()});
        return;
    }
    if (gathered_.size() + line_.size() > PIPE_BUF) {
        write_gathered();
    }
    gathered_.append(line_.data(), line_.data() + line_.size());
}

void StreamSink::flush() {
    write_gathered();
}

void StreamSink::write_gathered() {
    if (gathered_.size() == 0) {
        return;
    }
    write_lines({gathered_.data(), gathered_.size()});
    gathered_.clear();
}

void StreamSink::write_lines(std::string_view lines) {
    HookPlace& place = hook_place();
    if (!place.set.load(std::memory_order_acquire)) {
        write_all(lines);
        return;
    }
    // Held while writing: the texts of the hook and of whoever draws must not mix either.
    const std::lock_guard lock(place.mutex);
    std::string text = place.hook.before ? place.hook.before() : std::string();
    text += lines;
    text += place.hook.after ? place.hook.after() : std::string();
    write_all(text);
}

void StreamSink::write_all(std::string_view text) noexcept {
    if (std::exchange(cut_, false)) {
        // Ends the half line, so that this one can be read.
        static_cast<void>(!::write(fd_, "\n", 1));
    }
    bool begun = false;
    while (!text.empty()) {
        if (mode_ == Mode::kGathered && !wait_until_writable()) {
            break;
        }
        const ssize_t written = ::write(fd_, text.data(), text.size());
        if (written >= 0) {
            begun = true;
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            pollfd descriptor{fd_, POLLOUT, 0};
            if (mode_ == Mode::kDirect && ::poll(&descriptor, 1, kDirectWaitMilliseconds) <= 0) {
                break;
            }
        } else if (errno != EINTR) {
            break;
        }
    }
    cut_ = begun && !text.empty();
}

bool StreamSink::wait_until_writable() noexcept {
    pollfd descriptor{fd_, POLLOUT, 0};
    for (;;) {
        const bool interrupted = interrupted_.load(std::memory_order_relaxed);
        const int ready = ::poll(&descriptor, 1, interrupted ? 0 : kPollMilliseconds);
        if (ready != 0 && (ready > 0 || errno != EINTR)) {
            return true;  // an error is found by the write
        }
        if (interrupted) {
            return false;
        }
    }
}

}  // namespace detail

}  // namespace aiomisc::log
