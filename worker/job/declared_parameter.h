// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/job/argument_traits.h>
#include <aiomisc/worker/job/descriptor.h>
#include <aiomisc/worker/job/parameter.h>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// A parameter of which both are known: how it was declared, and the type its function takes.

namespace aiomisc::job::detail {

/// How arguments become the value of a parameter: one gives it, unless the parameter says
/// otherwise.
template <typename Value>
struct ParameterTraits {
    using Element = ArgumentTraits<Value>;
    static constexpr bool kRequired = true;
    static constexpr bool kRepeatable = false;

    static void assign(Value& value, std::string_view text, bool /*first*/) {
        value = Element::parse(text);
    }

    static std::string format(const Value& value) { return Element::format(value); }
};

template <typename Value>
struct ParameterTraits<std::optional<Value>> {
    using Element = ArgumentTraits<Value>;
    static constexpr bool kRequired = false;
    static constexpr bool kRepeatable = false;

    static void assign(std::optional<Value>& value, std::string_view text, bool /*first*/) {
        // An empty text is what a placeholder without an item leaves behind; for a string it is a
        // value.
        if (text.empty() && !std::is_same_v<Value, std::string>) {
            value.reset();
        } else {
            value = Element::parse(text);
        }
    }

    static std::string format(const std::optional<Value>& value) {
        return value ? Element::format(*value) : std::string();
    }
};

template <typename Value>
struct ParameterTraits<std::vector<Value>> {
    using Element = ArgumentTraits<Value>;
    static constexpr bool kRequired = true;
    static constexpr bool kRepeatable = true;

    static void assign(std::vector<Value>& values, std::string_view text, bool first) {
        if (first) {
            values.clear();  // the default
        }
        values.push_back(Element::parse(text));
    }

    static std::string format(const std::vector<Value>& values) {
        std::string text;
        for (const Value& value : values) {
            text += (text.empty() ? "" : " ") + Element::format(value);
        }
        return text;
    }
};

/// A declared parameter, its type known: its texts, and its default if it has one.
template <typename Value>
class Declared {
    using Traits = ParameterTraits<Value>;

public:
    explicit Declared(const Param& param) : name_(param.name), about_(param.about) {}

    template <typename Default>
    explicit Declared(const OptionalParam<Default>& param)
        : name_(param.name),
          about_(param.about),
          default_value_(static_cast<Value>(param.default_value)),
          default_text_(Traits::format(*default_value_)),
          required_(false) {}

    /// Refers to texts of this object.
    [[nodiscard]] ParameterInfo info() const {
        return {name_, type_, about_, default_text_, required_, Traits::kRepeatable};
    }

    [[nodiscard]] Value initial() const { return default_value_ ? *default_value_ : Value{}; }

private:
    std::string_view name_;
    std::string_view about_;
    std::string type_ = Traits::Element::type_name();
    std::optional<Value> default_value_;
    std::string default_text_;
    bool required_ = Traits::kRequired;
};

}  // namespace aiomisc::job::detail
