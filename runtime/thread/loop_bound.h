// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

namespace aiomisc {

class EventLoop;

namespace detail {

class LoopThreads;

/// Something that threads share with a loop, and that must let go of the loop when it closes. The
/// loop owns it too, until then or until unbind().
///
/// Affinity:  loop; may be destroyed by any thread.
class LoopBound {
public:
    LoopBound(const LoopBound&) = delete;
    LoopBound& operator=(const LoopBound&) = delete;

    /// The loop closes. Not bound any more.
    virtual void loop_closed() noexcept = 0;

protected:
    LoopBound() = default;
    ~LoopBound() = default;

    /// Has loop_closed() called when `loop` closes; it must be open. `self` owns this.
    void bind(EventLoop& loop, std::shared_ptr<void> self);

    /// Gives back what bind() took; null if it is not bound.
    [[nodiscard]] std::shared_ptr<void> unbind() noexcept;

    [[nodiscard]] bool bound() const noexcept { return owner_ != nullptr; }

private:
    friend class LoopThreads;
    LoopThreads* owner_ = nullptr;
    LoopBound* next_ = nullptr;
    LoopBound* previous_ = nullptr;
    std::shared_ptr<void> self_;
};

}  // namespace detail

}  // namespace aiomisc
