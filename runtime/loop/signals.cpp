// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/loop/signals.h>

#include "uv_handle.h"

#include <algorithm>
#include <csignal>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include <string.h>

namespace aiomisc {

namespace {

using Handle = detail::UvHandle<uv_signal_t, Queue<int>>;

/// The handlers that were installed before ours: libuv leaves SIG_DFL behind, but a handler of the
/// user's is not ours to forget. Shared by all loops of the process.
class PreviousHandlers {
public:
    void keep(int signal) {
        const std::lock_guard lock(mutex_);
        Entry& entry = entries_[signal];
        if (entry.watchers++ == 0) {
            ::sigaction(signal, nullptr, &entry.handler);
        }
    }

    void restore(int signal) noexcept {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(signal);
        if (found == entries_.end() || --found->second.watchers > 0) {
            return;
        }
        ::sigaction(signal, &found->second.handler, nullptr);
        entries_.erase(found);
    }

private:
    struct Entry {
        struct sigaction handler{};
        int watchers = 0;
    };

    std::mutex mutex_;
    std::map<int, Entry> entries_;  // guarded by mutex_
};

PreviousHandlers& previous_handlers() {
    // Never destroyed: a Signals may be static, and die later.
    static auto& instance = *new PreviousHandlers;
    return instance;
}

}  // namespace

Signals::Signals(EventLoop& loop, std::vector<int> signals) : signals_(std::move(signals)) {
    std::sort(signals_.begin(), signals_.end());
    signals_.erase(std::unique(signals_.begin(), signals_.end()), signals_.end());
    // Never resized: the handles know the places of their pointers.
    handles_.resize(signals_.size());
    try {
        for (std::size_t index = 0; index < signals_.size(); ++index) {
            watch(loop, signals_[index], handles_[index]);
        }
    } catch (...) {
        unwatch_all();
        throw;
    }
}

Signals::~Signals() {
    received_.close();
    unwatch_all();
}

void Signals::watch(EventLoop& loop, int signal, detail::UvHandleBase*& slot) {
    auto* handle = new Handle(&received_, &slot);
    int status = uv_signal_init(loop.uv_loop(), &handle->uv);
    if (status < 0) {
        detail::UvHandleBase::destroy_unopened(handle);
        throw SystemError::from_uv(status, "watch", signal_name(signal));
    }
    slot = handle;
    previous_handlers().keep(signal);
    status = uv_signal_start(
        &handle->uv,
        [](uv_signal_t* uv, int number) {
            Queue<int>& received = *Handle::of(uv).owner;
            if (received.count(number) < Signals::kPending) {
                static_cast<void>(received.try_put(number));
            }
        },
        signal);
    if (status < 0) {
        throw SystemError::from_uv(status, "watch", signal_name(signal));
    }
}

void Signals::unwatch_all() noexcept {
    for (std::size_t index = 0; index < handles_.size(); ++index) {
        if (handles_[index] != nullptr) {
            handles_[index]->close();
        }
        previous_handlers().restore(signals_[index]);
    }
}

std::string signal_name(int signal) {
    const char* name = ::sigabbrev_np(signal);
    return name == nullptr ? "signal " + std::to_string(signal) : std::string("SIG") + name;
}

}  // namespace aiomisc
