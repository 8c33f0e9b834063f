// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/thread/default_executor.h>
#include <aiomisc/runtime/thread/iterator_state.h>
#include <aiomisc/runtime/thread/new_thread.h>

#include <memory>
#include <optional>
#include <utility>

namespace aiomisc {

/// Iterates, in a loop, over what a producer makes in a thread.
///
///     IteratorWrapper<std::string> lines(
///         [path](Yield<std::string>& yield) {
///             std::ifstream file(path);
///             for (std::string line; std::getline(file, line);) {
///                 yield(line);
///             }
///         });
///     while (auto line = co_await lines.next()) {
///         use(*line);
///     }
///
/// The producer is a function that takes a Yield<Value>&, one that returns std::optional<Value>
/// (empty at the end), a range, or a function that returns a range. It starts with the first
/// next(), with the context variables of the constructor's caller, and is blocked while `max_size`
/// items wait.
///
/// An iterator that is closed, or dropped, has its producer's next yield throw ChannelClosed, so
/// that what is on the producer's stack is cleaned up. One that waits for room is woken.
///
/// A producer occupies a thread of the pool until it ends: as many as the pool has threads keep
/// everything else waiting. Those that run long belong into an IteratorWrapperSeparate.
///
/// Errors:    ConfigError (`THREADED_ITERABLE_DEFAULT_MAX_SIZE` is no number).
/// Affinity:  loop.
/// Idea:      aiomisc.IteratorWrapper.
/// Example:   tests/unit/runtime/thread/iterator_wrapper_test.cpp
template <typename Value>
class IteratorWrapper {
protected:
    using State = detail::IteratorState<Value>;

public:
    using value_type = Value;

    template <detail::ProducerSource<Value> Source>
    explicit IteratorWrapper(Source source, const IteratorOptions& options = {})
        : IteratorWrapper(
              detail::make_producer<Value>(std::move(source)),
              options,
              [executor = options.executor](typename State::Call call) {
                  ThreadPoolExecutor& pool = executor == nullptr ? default_executor() : *executor;
                  return pool.submit_call(std::move(call));
              }) {}

    IteratorWrapper(IteratorWrapper&&) noexcept = default;

    IteratorWrapper& operator=(IteratorWrapper&& other) noexcept {
        if (this != &other) {
            drop();
            state_ = std::move(other.state_);
        }
        return *this;
    }

    IteratorWrapper(const IteratorWrapper&) = delete;
    IteratorWrapper& operator=(const IteratorWrapper&) = delete;

    /// Requests the close, and does not wait for it.
    ~IteratorWrapper() { drop(); }

    /// The next item, in the order of the producer; none at the end, when its thread has ended.
    ///
    /// Cancel:    no item was taken.
    /// Errors:    what the producer threw, once, after all its items; ThreadPoolException (the pool
    ///            was closed: "Pool closed"), after those that were there; the first time also
    ///            those of ThreadPoolExecutor::submit().
    Task<std::optional<Value>> next() { return detail::next_item(state_); }

    /// Closes it, and waits until the producer has ended. Items that are there may still be read.
    /// Idempotent; it is closed when this returns, what is awaited is the end.
    ///
    /// Cancel:    ends the wait; it is closed.
    Task<> close() {
        state_->request_close();
        return detail::wait_for_producer(state_);
    }

protected:
    IteratorWrapper(
        detail::Producer<Value> producer,
        const IteratorOptions& options,
        typename State::Launch launch)
        : state_(std::make_shared<State>(std::move(producer), options, std::move(launch))) {}

private:
    void drop() noexcept {
        if (state_) {
            state_->request_close();
        }
    }

    std::shared_ptr<State> state_;
};

/// As IteratorWrapper, with a thread of its own for the producer. The close of the loop waits for
/// it, within the limit of NewThreadOptions::detach.
///
/// Idea:      aiomisc.IteratorWrapperSeparate.
template <typename Value>
class IteratorWrapperSeparate : public IteratorWrapper<Value> {
    using typename IteratorWrapper<Value>::State;

public:
    template <detail::ProducerSource<Value> Source>
    explicit IteratorWrapperSeparate(Source source, const IteratorOptions& options = {})
        : IteratorWrapper<Value>(
              detail::make_producer<Value>(std::move(source)),
              options,
              [name = options.statistic_name](typename State::Call call) {
                  return detail::run_call_in_new_thread(
                      {.detach = false, .name = name.empty() ? "iterator" : name}, std::move(call));
              }) {}
};

}  // namespace aiomisc
