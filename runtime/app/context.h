// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/statistic.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/task/task.h>

#include <any>
#include <concepts>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace aiomisc {

struct ContextStatistic : Statistic {
    static constexpr std::string_view kKind = "ContextStatistic";

    explicit ContextStatistic(std::string name) : Statistic({kKind}, std::move(name)) {}

    Metric get{metric("get")};
    Metric set{metric("set")};
};

namespace detail {

/// One value of a context, or the place where it is waited for.
struct ContextSlot {
    std::any value;
    bool closed = false;
    Event settled;
};

/// Errors: InvalidStateError (of another type), CancelledError (the context was closed before).
const std::any& context_value(
    const ContextSlot& slot, const std::string& key, const std::type_info& wanted);

/// What a key is set to: texts are kept as std::string, whatever they were written as.
template <typename Value>
using ContextValue = std::conditional_t<
    std::convertible_to<const Value&, std::string_view>,
    std::string,
    std::decay_t<Value>>;

}  // namespace detail

/// Values that the services of a program give to one another.
///
///     context.set("port", 8080);                          // one service, when it knows
///     int port = co_await context.get<int>("port");       // another, whenever it asks
///
/// A key may be awaited before it is set, by many, and again afterwards. Setting it again changes
/// what later get() calls give.
///
/// Affinity:  loop; set() from any thread.
/// Idea:      aiomisc.Context.
class Context {
public:
    /// Becomes the context of this loop, see get_context().
    /// Errors: InvalidStateError (the loop has one).
    explicit Context(EventLoop& loop);
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context();

    /// The value of `key`, as soon as there is one. What is awaited is what the key stands for at
    /// the moment of this call, not of the await.
    ///
    /// Cancel:    ends at once.
    /// Errors:    InvalidStateError (it was set to another type); CancelledError (the context was
    ///            closed before it was set).
    template <typename Value>
    Task<Value> get(std::string key) {
        Slot slot = mention(key);
        return wait_for_value<Value>(std::move(slot), std::move(key));
    }

    /// Gives `key` a value, on a later turn of the loop. After the close it does nothing.
    ///
    /// Affinity:  any thread.
    template <typename Value>
    void set(std::string key, Value&& value) {
        set_any(std::move(key), std::any(detail::ContextValue<Value>(std::forward<Value>(value))));
    }

    /// Cancels who waits; the loop has no context any more. Idempotent.
    void close() noexcept;

private:
    struct State;
    using Slot = std::shared_ptr<detail::ContextSlot>;

    Slot mention(const std::string& key);
    void set_any(std::string key, std::any value);

    template <typename Value>
    static Task<Value> wait_for_value(Slot slot, std::string key) {
        co_await slot->settled.wait();
        co_return std::any_cast<Value>(detail::context_value(*slot, key, typeid(Value)));
    }

    std::shared_ptr<State> state_;
};

/// The context of the loop that runs in this thread, or of `loop`.
///
/// Errors:    InvalidStateError (no loop, or it has no context: an Entrypoint makes it).
/// Affinity:  loop.
Context& get_context();
Context& get_context(EventLoop& loop);

}  // namespace aiomisc
