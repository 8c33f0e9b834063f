// SPDX-License-Identifier: MIT
#pragma once

#include "fork_guard.h"

#include <aiomisc/worker/call/shared_area.h>
#include <aiomisc/worker/registry/thunk.h>

#include <optional>
#include <span>

namespace aiomisc::detail {

/// Where the worker puts the result of one call: into the shared area if it is free and large
/// enough, otherwise into a buffer that is reused from call to call.
class ResultFrame final : public CallFrame {
public:
    /// `memory` may be empty: nothing shared is free.
    ResultFrame(
        const SharedArea& area,
        const ForkGuard& guard,
        std::span<std::byte> memory,
        ipc::Buffer& buffer)
        : area_(area), guard_(guard), memory_(memory), buffer_(buffer) {
        buffer_.clear();
    }

    void enter(CallPhase phase) noexcept override {
        // The function has returned, in a copy of the worker perhaps.
        guard_.end_if_copy();
        area_.set_phase(phase);
    }

    /// Forgets what was written: the call ended in an error after all.
    void reset() noexcept {
        fixed_.reset();
        buffer_.clear();
        is_spilled_ = false;
    }

    [[nodiscard]] bool is_shared() const noexcept { return fixed_.has_value() && !is_spilled_; }

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return is_shared() ? fixed_->span() : buffer_.span();
    }

private:
    ipc::FixedArea* fixed_area() noexcept override {
        return memory_.empty() ? nullptr : &fixed_.emplace(memory_);
    }

    ipc::Buffer& spilled() override {
        is_spilled_ = true;
        return buffer_;
    }

    const SharedArea& area_;
    const ForkGuard& guard_;
    std::span<std::byte> memory_;
    ipc::Buffer& buffer_;
    std::optional<ipc::FixedArea> fixed_;
    bool is_spilled_ = false;
};

}  // namespace aiomisc::detail
