// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/task/completion_set.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/task_handle.h>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace aiomisc {

/// A moment that receivers are called at, such as "services are about to start".
///
///     Signal<int> changed;
///     auto connection = changed.connect([](int value) -> Task<> { … });
///     co_await changed.call(5);
///
/// Not a signal of the operating system: those are Signals.
///
/// Affinity:  loop; connecting and copying also before there is one.
/// Idea:      aiomisc.Signal.
template <typename... Arguments>
class Signal {
    using Receiver = std::function<Task<>(Arguments...)>;

    struct Entry {
        std::uint64_t id = 0;
        std::shared_ptr<const Receiver> receiver;
    };

    struct State {
        std::vector<Entry> entries;
        std::uint64_t last_id = 0;
        bool frozen = false;

        [[nodiscard]] bool has(std::uint64_t id) const {
            return std::ranges::find(entries, id, &Entry::id) != entries.end();
        }
    };

public:
    /// Keeps a receiver connected; dropping it disconnects, in a frozen signal too.
    class [[nodiscard("dropping a Connection disconnects the receiver")]] Connection {
    public:
        Connection() noexcept = default;
        Connection(Connection&&) noexcept = default;

        Connection& operator=(Connection&& other) noexcept {
            if (this != &other) {
                disconnect();
                state_ = std::move(other.state_);
                id_ = other.id_;
            }
            return *this;
        }

        Connection(const Connection&) = delete;
        Connection& operator=(const Connection&) = delete;

        ~Connection() { disconnect(); }

        /// The receiver is not called any more, by a call() that is going on neither. Copies of the
        /// signal keep it.
        void disconnect() noexcept {
            if (const auto state = std::exchange(state_, {}).lock()) {
                std::erase_if(
                    state->entries, [this](const Entry& entry) { return entry.id == id_; });
            }
        }

        /// Leaves the receiver connected for as long as the signal lives.
        void release() && noexcept { state_.reset(); }

    private:
        friend class Signal;

        Connection(std::weak_ptr<State> state, std::uint64_t id) noexcept
            : state_(std::move(state)), id_(id) {}

        std::weak_ptr<State> state_;
        std::uint64_t id_ = 0;
    };

    Signal() : state_(std::make_shared<State>()) {}

    Signal(Signal&&) noexcept = default;
    Signal& operator=(Signal&&) noexcept = default;
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;
    ~Signal() = default;

    /// Adds a receiver: a function that returns Task<>, and takes the arguments of the signal or
    /// none. What it captures lives until it is disconnected and its last call has ended.
    /// Errors: InvalidStateError (the signal is frozen).
    template <typename Function>
        requires std::is_invocable_r_v<Task<>, Function&, Arguments...>
    Connection connect(Function function) {
        return add(std::make_shared<const Receiver>(std::move(function)));
    }

    template <typename Function>
        requires(
            !std::is_invocable_r_v<Task<>, Function&, Arguments...> &&
            std::is_invocable_r_v<Task<>, Function&>)
    Connection connect(Function function) {
        return add(std::make_shared<const Receiver>(
            // Not a coroutine: it passes on the task of the function, which it outlives.
            [function = std::move(function)](const auto&...) mutable { return function(); }));
    }

    /// Calls the receivers one after another, in the order in which they were connected; those that
    /// are connected meanwhile wait for the next call.
    ///
    /// An argument passed by reference must live until the call has ended.
    ///
    /// Cancel:    cancels the receiver that runs; the rest is not called.
    /// Errors:    the first error of a receiver; the rest is not called.
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): see above
    Task<> call(Arguments... arguments) {
        // The signal may go while a receiver runs.
        const std::shared_ptr<State> state = state_;
        const std::vector<Entry> entries = state->entries;
        for (const Entry& entry : entries) {
            if (state->has(entry.id)) {
                co_await (*entry.receiver)(arguments...);
            }
        }
    }

    /// The same for moments that nobody may miss: every receiver is called, each in a task of its
    /// own, whatever the others throw. Returns what they threw, and CancelledError for one that was
    /// cancelled.
    ///
    /// Cancel:    cancels the receiver that runs, and waits for its end; the rest is not called.
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): as for call()
    Task<std::vector<std::exception_ptr>> call_all(Arguments... arguments) {
        const std::shared_ptr<State> state = state_;
        const std::vector<Entry> entries = state->entries;
        std::vector<std::exception_ptr> errors;
        for (const Entry& entry : entries) {
            if (!state->has(entry.id)) {
                continue;
            }
            const TaskHandle<> running = create_task(call_one(entry.receiver, arguments...));
            co_await detail::wait_until_ended({running.state()});
            if (running.cancelled()) {
                errors.push_back(std::make_exception_ptr(CancelledError()));
            } else if (const std::exception_ptr error = running.exception()) {
                running.state()->mark_seen();
                errors.push_back(error);
            }
        }
        co_return errors;
    }

    /// A signal of its own with the same receivers, not frozen.
    [[nodiscard]] Signal copy() const {
        Signal result;
        *result.state_ = *state_;
        result.state_->frozen = false;
        return result;
    }

    /// No receiver can be connected from here on.
    void freeze() noexcept { state_->frozen = true; }

    [[nodiscard]] bool is_frozen() const noexcept { return state_->frozen; }

    [[nodiscard]] std::size_t size() const noexcept { return state_->entries.size(); }

private:
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): as for call()
    static Task<> call_one(std::shared_ptr<const Receiver> receiver, Arguments... arguments) {
        co_await (*receiver)(arguments...);
    }

    Connection add(std::shared_ptr<const Receiver> receiver) {
        if (state_->frozen) {
            throw InvalidStateError("the signal is frozen: connect receivers before the start");
        }
        const std::uint64_t id = ++state_->last_id;
        state_->entries.push_back({id, std::move(receiver)});
        return Connection(state_, id);
    }

    std::shared_ptr<State> state_;
};

/// Connects `function` for good, and returns it: for receivers that are defined once per program.
/// Errors: InvalidStateError (the signal is frozen).
/// Idea:   aiomisc.receiver.
template <typename Function, typename... Arguments>
Function receiver(Signal<Arguments...>& signal, Function function) {
    std::move(signal.connect(function)).release();
    return function;
}

}  // namespace aiomisc
