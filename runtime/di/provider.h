// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/runtime/di/injected.h>
#include <aiomisc/runtime/di/resource.h>
#include <aiomisc/runtime/task/task.h>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

/// How a function becomes a provider, whatever it takes and returns.
namespace aiomisc::detail {

/// What was provided, without its type.
struct Provided {
    std::shared_ptr<void> value;
    UniqueFunction<Task<>()> teardown{};
};

struct Provider {
    struct Parameter {
        std::string name;
        const std::type_info* type;
    };

    std::string name;
    const std::type_info* type;
    std::vector<Parameter> parameters;
    /// Takes the values of the parameters, in their order; they must outlive the task.
    std::function<Task<Provided>(std::vector<std::shared_ptr<void>>)> build;
};

/// Provided is what the function returns, without the Task, the Resource and the pointer around it.
template <typename Result>
struct ProviderResult {
    using Value = typename Pointee<Result>::Type;

    static Provided provided(Result result) {
        return {.value = Pointee<Result>::share(std::move(result))};
    }
};

template <typename Given>
struct ProviderResult<Resource<Given>> {
    using Value = typename Resource<Given>::Value;

    static Provided provided(Resource<Given> resource) {
        return {.value = resource.value(), .teardown = std::move(resource).take_teardown()};
    }
};

template <typename Result>
struct ProviderResult<Task<Result>> : ProviderResult<Result> {
    static_assert(!std::is_void_v<Result>, "a provider returns what it provides");
};

/// By reference where the function takes that; else as std::shared_ptr, which a coroutine can keep.
template <typename Function, typename... Parameters>
concept TakesReferences = std::invocable<Function&, Parameters&...>;

template <typename Function, typename... Parameters>
concept TakesPointers = std::invocable<Function&, std::shared_ptr<Parameters>...>;

template <typename... Parameters>
struct ProviderCall {
    template <typename Function>
    static decltype(auto) call(
        Function& function, const std::vector<std::shared_ptr<void>>& arguments) {
        return call(function, arguments, std::index_sequence_for<Parameters...>());
    }

private:
    template <typename Function, std::size_t... kIndices>
    static decltype(auto) call(
        Function& function,
        [[maybe_unused]] const std::vector<std::shared_ptr<void>>& arguments,
        std::index_sequence<kIndices...>) {
        if constexpr (TakesReferences<Function, Parameters...>) {
            return std::invoke(function, *static_cast<Parameters*>(arguments[kIndices].get())...);
        } else {
            return std::invoke(
                function, std::static_pointer_cast<Parameters>(arguments[kIndices])...);
        }
    }
};

template <typename Function, typename... Parameters>
using ProviderReturn = std::remove_cvref_t<decltype(ProviderCall<Parameters...>::call(
    std::declval<Function&>(), std::declval<const std::vector<std::shared_ptr<void>>&>()))>;

template <typename Function, typename... Parameters>
using ProviderValue = typename ProviderResult<ProviderReturn<Function, Parameters...>>::Value;

/// Owns the function and its arguments while the coroutine of the function runs.
template <typename Function, typename... Parameters>
Task<Provided> build_provided(
    std::shared_ptr<Function> function, std::vector<std::shared_ptr<void>> arguments) {
    using Return = ProviderReturn<Function, Parameters...>;
    auto result = ProviderCall<Parameters...>::call(*function, arguments);
    if constexpr (requires { typename Return::promise_type; }) {
        co_return ProviderResult<Return>::provided(co_await std::move(result));
    } else {
        co_return ProviderResult<Return>::provided(std::move(result));
    }
}

template <typename Function, typename... Parameters>
Provider make_provider(std::string name, Function function, Dep<Parameters>... parameters) {
    return {
        .name = std::move(name),
        .type = &typeid(ProviderValue<Function, Parameters...>),
        .parameters = {{std::move(parameters.name), &typeid(Parameters)}...},
        .build =
            [function = std::make_shared<Function>(std::move(function))](
                std::vector<std::shared_ptr<void>> arguments) {
                return build_provided<Function, Parameters...>(function, std::move(arguments));
            },
    };
}

}  // namespace aiomisc::detail
