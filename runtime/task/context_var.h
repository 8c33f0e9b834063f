// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace aiomisc {

namespace detail {

/// The context variables of one task: a snapshot is one pointer copy, a write copies the (small)
/// table.
class ContextValues {
public:
    [[nodiscard]] std::shared_ptr<const void> get(const void* key) const noexcept;

    void set(const void* key, std::shared_ptr<const void> value);

    /// The values of the running task, or of the thread where no task runs.
    static ContextValues& current() noexcept;

    /// Makes `values` current for this thread; null stands for the thread's own.
    static ContextValues* exchange_current(ContextValues* values) noexcept;

private:
    using Table = std::vector<std::pair<const void*, std::shared_ptr<const void>>>;
    std::shared_ptr<const Table> table_;
};

}  // namespace detail

/// A variable with one value per task.
///
/// A task starts with a copy of its creator's values; what it sets is invisible to the creator.
/// Define it at namespace scope: values hold its address.
///
/// Cancel:    nothing to cancel; no call waits.
/// Affinity:  any thread; each thread that runs no task has values of its own.
/// Idea:      Python's contextvars.
template <typename Value>
class ContextVar {
public:
    /// The value that was there before a set(), for reset().
    class Token {
        friend class ContextVar;

        explicit Token(std::shared_ptr<const void> previous) : previous_(std::move(previous)) {}

        std::shared_ptr<const void> previous_;
    };

    explicit ContextVar(std::string name) : name_(std::move(name)) {}

    ContextVar(std::string name, Value default_value)
        : name_(std::move(name)),
          default_(std::make_shared<const Value>(std::move(default_value))) {}

    ContextVar(const ContextVar&) = delete;
    ContextVar& operator=(const ContextVar&) = delete;
    ~ContextVar() = default;

    /// The value of the running task, or the default.
    /// Errors: std::out_of_range (never set, no default).
    [[nodiscard]] const Value& get() const {
        const Value* value = get_if_set();
        if (value == nullptr) {
            throw std::out_of_range("context variable " + name_ + " has no value");
        }
        return *value;
    }

    /// The same, or null. Valid until the running task sets or resets this variable.
    [[nodiscard]] const Value* get_if_set() const noexcept {
        const auto value = detail::ContextValues::current().get(this);
        return value ? static_cast<const Value*>(value.get()) : default_.get();
    }

    Token set(Value value) {
        auto& values = detail::ContextValues::current();
        Token token(values.get(this));
        values.set(this, std::make_shared<const Value>(std::move(value)));
        return token;
    }

    /// Puts back the value that a set() replaced.
    void reset(Token token) {
        detail::ContextValues::current().set(this, std::move(token.previous_));
    }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    std::string name_;
    std::shared_ptr<const Value> default_;
};

}  // namespace aiomisc
