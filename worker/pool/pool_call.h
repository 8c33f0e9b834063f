// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/codec.h>
#include <aiomisc/runtime/task/completion.h>
#include <aiomisc/runtime/task/task_handle.h>
#include <aiomisc/worker/pool/errors.h>
#include <aiomisc/worker/pool/options.h>
#include <aiomisc/worker/pool/work.h>
#include <aiomisc/worker/registry/registry.h>

#include <memory>
#include <type_traits>
#include <utility>

namespace aiomisc::detail {

class Pool;

/// The doors from templates into the pool, which no public header shows.
void submit_call(Pool& pool, Work& work);
void cancel_work(Pool& pool, Work& work) noexcept;
[[nodiscard]] std::size_t max_payload_bytes(const Pool& pool) noexcept;
[[nodiscard]] std::uint64_t next_call_id(Pool& pool) noexcept;

/// One create_task() on its way: what the handle refers to, and what the pool moves.
template <typename Value>
class PoolCall final : public CompletionOf<Value>, public Work {
public:
    PoolCall(std::shared_ptr<Pool> pool, std::size_t max_payload)
        : Work(max_payload), pool_(std::move(pool)) {}

    void cancel(CancelReason reason) noexcept override {
        if (this->done()) {
            return;
        }
        const Reference<PoolCall> alive(this);
        this->set_cancel_reason(reason);
        cancel_requested = wait_when_cancelled && reason != CancelReason::kDropped;
        if (!cancel_requested) {
            this->finish(Completion::Status::kCancelled);
        }
        cancel_work(*pool_, *this);
    }

private:
    [[nodiscard]] const char* unseen_message() const noexcept override {
        return "exception of a call in a worker pool was never retrieved";
    }

    void succeeded(std::span<const std::byte> result) noexcept override {
        try {
            if constexpr (std::is_void_v<Value>) {
                this->emplace_value();
            } else {
                this->emplace_value(ipc::decode<Value>(result));
            }
        } catch (...) {
            failed(std::current_exception());
            return;
        }
        this->finish(Completion::Status::kValue);
    }

    void failed(std::exception_ptr error) noexcept override {
        if (!this->done()) {
            this->set_error(std::move(error));
            this->finish(Completion::Status::kError);
        }
    }

    void was_cancelled() noexcept override { this->finish(Completion::Status::kCancelled); }

    Tally worker_died(
        std::exception_ptr error, std::uint32_t, std::span<const std::byte>) noexcept override {
        failed(std::move(error));
        return {.died = 1};
    }

    Tally chunk_done(
        std::uint32_t, std::span<const std::byte>, std::chrono::nanoseconds) noexcept override {
        return {};
    }

    [[nodiscard]] bool abandoned() const noexcept override { return this->done(); }

    void hold() noexcept override { this->add_reference(); }

    void drop() noexcept override { this->release(); }

    std::shared_ptr<Pool> pool_;
};

template <typename Value>
Reference<PoolCall<Value>> make_call(
    const std::shared_ptr<Pool>& pool, const CallOptions& options, const FunctionKey& function) {
    static_assert(!std::is_reference_v<Value>, "a function called in a worker returns a value");
    Reference<PoolCall<Value>> call(new PoolCall<Value>(pool, max_payload_bytes(*pool)));
    call->function = function;
    call->id = next_call_id(*pool);
    call->attempt = options.attempt;
    call->timeout = options.timeout;
    call->on_output = options.on_output;
    call->wait_when_cancelled = options.wait_when_cancelled;
    return call;
}

/// Submits a call of the function with this signature.
template <typename Signature, typename... Arguments>
TaskHandle<typename Signature::Result> call_in_pool(
    const std::shared_ptr<Pool>& pool, const CallOptions& options, Arguments&&... arguments) {
    static const FunctionKey key = key_of(Signature::Thunk::kRegistration.thunk());
    auto call = make_call<typename Signature::Result>(pool, options, key);
    Signature::encode(call->arguments, std::forward<Arguments>(arguments)...);
    submit_call(*pool, *call);
    return TaskHandle<typename Signature::Result>(std::move(call));
}

}  // namespace aiomisc::detail
