// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/loop/basic_loop.h>
#include <aiomisc/runtime/loop/loop_ref.h>

#include <memory>
#include <vector>

struct uv_loop_s;  // NOLINT(readability-identifier-naming): libuv's name

namespace aiomisc {

namespace detail {

struct EventLoopHandles;

/// Something that lives and dies with a loop, such as the event port of KJ.
class LoopExtension {
public:
    LoopExtension() = default;
    LoopExtension(const LoopExtension&) = delete;
    LoopExtension& operator=(const LoopExtension&) = delete;
    virtual ~LoopExtension() = default;
};

}  // namespace detail

/// The loop: tasks, callbacks, timers and descriptors of one thread, on libuv.
///
/// Created and used in one thread; call_soon_threadsafe() alone may be called from others. close(),
/// or the destructor, cancels the tasks that are left, waits until they ended, and closes every
/// handle.
///
/// Affinity:  loop.
/// Idea:      asyncio's event loop.
/// Example:   tests/unit/runtime/loop/event_loop_test.cpp
class EventLoop final : public BasicLoop {
public:
    EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop() override;

    /// The loop running in this thread.
    /// Errors: InvalidStateError (none, or one that is not an EventLoop).
    static EventLoop& current();

    /// Runs `function` on the loop's thread, on a later turn, in the order of the calls.
    ///
    /// A thread that may outlive the loop calls LoopRef::call_soon_threadsafe() instead.
    ///
    /// Errors:    ClosedError (the loop was closed).
    /// Affinity:  any thread; the only call that is.
    void call_soon_threadsafe(UniqueFunction<void()> function);

    /// How long close() lets cancelled tasks clean up.
    static constexpr std::chrono::seconds kCloseLimit{10};

    /// Cancels the tasks that are left, and runs until they ended (no longer than `limit`, then
    /// destroys them). The loop stays usable.
    void end_tasks(Duration limit = kCloseLimit) noexcept { end_all_tasks(limit); }

    /// Cancels the tasks that are left, waits until they ended (no longer than `limit`, then
    /// destroys them), drops callbacks, and closes every handle. Idempotent.
    void close(Duration limit = kCloseLimit) noexcept;

    [[nodiscard]] bool closed() const noexcept;

    [[nodiscard]] TimePoint now() const noexcept override { return Clock::now(); }

    /// Runs `node` just before the loop looks for events: where writes of one turn leave together.
    void before_poll(detail::ReadyNode& node) noexcept { before_poll_.push(node); }

    void cancel_before_poll(detail::ReadyNode& node) noexcept { before_poll_.remove(node); }

    /// What LoopRef keeps of this loop.
    [[nodiscard]] const std::shared_ptr<detail::LoopMailbox>& mailbox() const noexcept {
        return mailbox_;
    }

    /// libuv's loop, for topics that wrap its handles.
    [[nodiscard]] uv_loop_s* uv_loop() const noexcept;

    /// The extension of type `Extension`, made on first use with a reference to this loop.
    template <typename Extension>
    Extension& extension() {
        for (const auto& candidate : extensions_) {
            if (auto* found = dynamic_cast<Extension*>(candidate.get())) {
                return *found;
            }
        }
        auto made = std::make_unique<Extension>(*this);
        Extension& result = *made;
        extensions_.push_back(std::move(made));
        return result;
    }

private:
    void poll(bool wait) override;
    void arm_uv_timer() noexcept;
    void run_thread_calls();

    std::unique_ptr<detail::EventLoopHandles> handles_;
    std::shared_ptr<detail::LoopMailbox> mailbox_;
    detail::ReadyQueue before_poll_;
    std::vector<std::unique_ptr<detail::LoopExtension>> extensions_;
};

}  // namespace aiomisc
