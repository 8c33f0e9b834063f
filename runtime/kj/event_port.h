// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/loop/event_loop.h>

#include <optional>

#include <kj/async.h>

namespace aiomisc::detail {

/// KJ's event loop as a guest of ours, so that Cap'n Proto RPC runs in the loop of the application.
///
/// KJ never sleeps here: when it has something to run it says so (setRunnable), and our loop runs
/// it as one callback on its next turn. What KJ would wait for comes from streams of our own, which
/// fulfil its promises. Get it with `loop.extension<KjLoop>()`; KJ allows one event loop per
/// thread.
///
/// Affinity:  loop.
class KjLoop final : public LoopExtension, private kj::EventPort, private ReadyNode {
public:
    explicit KjLoop(EventLoop& loop);
    KjLoop(const KjLoop&) = delete;
    KjLoop& operator=(const KjLoop&) = delete;
    ~KjLoop() noexcept override;

    [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }

    /// In a forked child: the thread has no KJ loop any more, and may get one of its own.
    static void forget_after_fork() noexcept;

private:
    bool wait() override;
    bool poll() override;
    void setRunnable(bool runnable) override;
    void run() noexcept override;

    EventLoop& loop_;
    kj::EventLoop kj_loop_;
    std::optional<kj::WaitScope> wait_scope_;
};

}  // namespace aiomisc::detail
