// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace aiomisc::log {

/// `function`, but exceptions of these types (all of the standard's when none is named) are
/// swallowed. What it returns is then empty; a void function stays one. CancelledError always
/// passes.
///
///     auto close_quietly = log::suppressor<SystemError>([&] { file.close(); });
///
/// Idea:      aiomisc.log.suppressor.
template <typename... Exceptions, typename Function>
auto suppressor(Function function) {
    return
        [function = std::move(function)]<typename... Arguments>(Arguments&&... arguments) mutable {
            using Result = std::invoke_result_t<Function&, Arguments...>;
            const auto is_wanted = [](const std::exception& error) {
                return sizeof...(Exceptions) == 0 ||
                       ((dynamic_cast<const Exceptions*>(&error) != nullptr) || ...);
            };
            try {
                if constexpr (std::is_void_v<Result>) {
                    std::invoke(function, std::forward<Arguments>(arguments)...);
                } else {
                    return std::optional<std::decay_t<Result>>(
                        std::invoke(function, std::forward<Arguments>(arguments)...));
                }
            } catch (const std::exception& error) {
                if (!is_wanted(error)) {
                    throw;
                }
                if constexpr (!std::is_void_v<Result>) {
                    return std::optional<std::decay_t<Result>>();
                }
            }
        };
}

}  // namespace aiomisc::log
