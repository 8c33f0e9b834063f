// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/job/declared_parameter.h>
#include <aiomisc/worker/job/descriptor.h>
#include <aiomisc/worker/job/parameter.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

// A Job made of a C++ function and the declaration of its parameters. Types come from the function,
// names, texts and defaults from the declaration, in the same order.

namespace aiomisc::job::detail {

/// The type a parameter is kept in between parsing and the call.
template <typename Declared>
struct StoredOf {
    static_assert(
        !std::is_lvalue_reference_v<Declared> || std::is_const_v<std::remove_reference_t<Declared>>,
        "a job takes its parameters by value or by const reference");
    using Type = std::remove_cvref_t<Declared>;
};

template <>
struct StoredOf<std::string_view> {
    using Type = std::string;
};

/// Result, parameters, and whether the context comes first.
template <typename Function>
struct SignatureOf;

template <typename Result, typename... Parameters>
struct SignatureOf<Result (*)(Parameters...)> {
    using ResultType = Result;
    using Values = std::tuple<typename StoredOf<Parameters>::Type...>;
    static constexpr bool kTakesContext = false;
};

template <typename Result, typename... Parameters>
struct SignatureOf<Result (*)(JobContext&, Parameters...)>
    : SignatureOf<Result (*)(Parameters...)> {
    static constexpr bool kTakesContext = true;
};

template <typename Result, typename... Parameters>
struct SignatureOf<Result (*)(Parameters...) noexcept> : SignatureOf<Result (*)(Parameters...)> {};

template <typename Values>
struct DeclaredOf;

template <typename... Values>
struct DeclaredOf<std::tuple<Values...>> {
    using Type = std::tuple<Declared<Values>...>;
};

/// What a declaration says besides its parameters.
struct Extras {
    std::string_view about;
    void (*init)() = nullptr;
    void (*worker_init)() = nullptr;

    void add(const About& extra) { about = extra.text; }

    void add(const Init& extra) { init = extra.function; }

    void add(const WorkerInit& extra) { worker_init = extra.function; }

    void add(const auto& /*parameter*/) {}
};

template <typename Word>
inline constexpr bool kIsParam = std::is_same_v<Word, Param>;
template <typename Default>
inline constexpr bool kIsParam<OptionalParam<Default>> = true;

template <typename Word>
auto only_parameter(const Word& word) {
    if constexpr (kIsParam<Word>) {
        return std::tuple<Word>(word);
    } else {
        return std::tuple<>();
    }
}

/// Hidden, as all that is made of the user's own names: functions of two modules may be called
/// alike.
template <auto kFunction>
class [[gnu::visibility("hidden")]] FunctionJob final : public Job {
    using Signature = SignatureOf<decltype(kFunction)>;
    using Values = typename Signature::Values;
    using Result = typename Signature::ResultType;
    static constexpr std::size_t kCount = std::tuple_size_v<Values>;
    static_assert(
        std::is_same_v<Result, int> || std::is_void_v<Result>,
        "a job returns its exit status as an int, or nothing");

public:
    template <typename... Words>
    explicit FunctionJob(std::string_view name, const Words&... words)
        : name_(name.substr(name.find_last_of(':') + 1)),
          declared_(declare(
              std::tuple_cat(only_parameter(words)...), std::make_index_sequence<kCount>())) {
        (extras_.add(words), ...);
        std::apply([this](const auto&... declared) { infos_ = {declared.info()...}; }, declared_);
    }

    // infos_ refers to texts inside declared_.
    FunctionJob(const FunctionJob&) = delete;
    FunctionJob& operator=(const FunctionJob&) = delete;
    ~FunctionJob() = default;

    [[nodiscard]] std::string_view name() const noexcept override { return name_; }

    [[nodiscard]] std::string_view about() const noexcept override { return extras_.about; }

    [[nodiscard]] std::span<const ParameterInfo> parameters() const noexcept override {
        return infos_;
    }

    void init() const override {
        if (extras_.init != nullptr) {
            extras_.init();
        }
    }

    void worker_init() const override {
        if (extras_.worker_init != nullptr) {
            extras_.worker_init();
        }
    }

    void check(std::size_t parameter, std::string_view text) const override {
        Values scratch{};
        assign(scratch, {parameter, text}, true);
    }

    int run(JobContext& context, std::span<const Argument> arguments) const override {
        Values values = parse(arguments);
        const auto call = [&context](auto&... parsed) {
            if constexpr (Signature::kTakesContext) {
                return kFunction(context, std::move(parsed)...);
            } else {
                static_cast<void>(context);
                return kFunction(std::move(parsed)...);
            }
        };
        if constexpr (std::is_void_v<Result>) {
            std::apply(call, values);
            return 0;
        } else {
            return std::apply(call, values);
        }
    }

private:
    using DeclaredTuple = typename DeclaredOf<Values>::Type;

    template <typename Parameters, std::size_t... kIndex>
    static DeclaredTuple declare(const Parameters& parameters, std::index_sequence<kIndex...>) {
        static_assert(
            std::tuple_size_v<Parameters> == kCount,
            "AIOMISC_JOB names each parameter of its function once, in order, but JobContext&");
        if constexpr (std::tuple_size_v<Parameters> == kCount) {
            return DeclaredTuple(
                std::tuple_element_t<kIndex, DeclaredTuple>(std::get<kIndex>(parameters))...);
        }
    }

    void assign(Values& values, const Argument& argument, bool first) const {
        if (argument.parameter >= kCount) {
            throw ArgumentError("no such parameter");
        }
        const auto assign_if = [&]<typename Value>(std::size_t index, Value& value) {
            if (index == argument.parameter) {
                ParameterTraits<Value>::assign(value, argument.text, first);
            }
        };
        try {
            [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
                (assign_if(kIndex, std::get<kIndex>(values)), ...);
            }(std::make_index_sequence<kCount>());
        } catch (const ArgumentError& error) {
            throw ArgumentError(std::string(infos_[argument.parameter].name) + ": " + error.what());
        }
    }

    Values parse(std::span<const Argument> arguments) const {
        Values values = std::apply(
            [](const auto&... declared) { return Values(declared.initial()...); }, declared_);
        std::array<bool, kCount> given{};
        for (const Argument& argument : arguments) {
            const bool first =
                argument.parameter < kCount && !std::exchange(given[argument.parameter], true);
            assign(values, argument, first);
        }
        for (std::size_t i = 0; i < kCount; ++i) {
            if (infos_[i].required && !given[i]) {
                throw ArgumentError(std::string(infos_[i].name) + ": is missing");
            }
        }
        return values;
    }

    std::string_view name_;
    DeclaredTuple declared_;
    Extras extras_;
    std::array<ParameterInfo, kCount> infos_{};
};

}  // namespace aiomisc::job::detail
