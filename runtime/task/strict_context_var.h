// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/context_var.h>

#include <exception>
#include <string>
#include <utility>

namespace aiomisc {

/// A ContextVar whose get() throws what you say while it has no value.
///
/// Affinity:  as ContextVar.
/// Idea:      aiomisc.context.StrictContextVar.
template <typename Value>
class StrictContextVar {
public:
    using Token = typename ContextVar<Value>::Token;

    template <typename Exception>
    StrictContextVar(std::string name, Exception exception)
        : variable_(std::move(name)), exception_(std::make_exception_ptr(std::move(exception))) {}

    /// The value of the running task.
    /// Errors: what the constructor was given.
    [[nodiscard]] const Value& get() const {
        const Value* value = variable_.get_if_set();
        if (value == nullptr) {
            std::rethrow_exception(exception_);
        }
        return *value;
    }

    Token set(Value value) { return variable_.set(std::move(value)); }

    /// Puts back the value that a set() replaced, or none.
    void reset(Token token) { variable_.reset(std::move(token)); }

    [[nodiscard]] const std::string& name() const noexcept { return variable_.name(); }

private:
    ContextVar<Value> variable_;
    std::exception_ptr exception_;
};

}  // namespace aiomisc
