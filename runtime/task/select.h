// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/completion_set.h>
#include <aiomisc/runtime/task/gather.h>
#include <aiomisc/runtime/task/gather_settled.h>

#include <cstddef>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

namespace aiomisc {

struct SelectOptions {
    bool return_exceptions = false;  ///< the winner's error is in the result, not thrown
    bool cancel = true;              ///< cancel those that did not win
    std::optional<Duration> timeout{};
    bool wait = true;  ///< wait until the cancelled ones have ended
};

/// Which of several tasks ended first, and with what. A value for each of them: the winner's in its
/// place, none in the others.
///
///     auto [page, limit] = co_await select(fetch(), sleep_for(1s));
///
/// Idea:      aiomisc's SelectResult.
template <typename... Values>
class SelectResult {
public:
    SelectResult() = default;

    /// Whether one ended before the time was over.
    [[nodiscard]] bool done() const noexcept { return winner_.has_value(); }

    /// The place of the winner among the arguments.
    [[nodiscard]] std::optional<std::size_t> result_idx() const noexcept { return winner_; }

    [[nodiscard]] bool is_exception() const noexcept { return error_ != nullptr; }

    [[nodiscard]] const std::exception_ptr& exception() const noexcept { return error_; }

    /// The winner's value.
    /// Errors: the winner's error; InvalidStateError (nobody won before the time was over).
    [[nodiscard]] std::variant<detail::Stored<Values>...> result() const& {
        return result_of(values_, std::index_sequence_for<Values...>());
    }

    [[nodiscard]] std::variant<detail::Stored<Values>...> result() && {
        return result_of(std::move(values_), std::index_sequence_for<Values...>());
    }

    /// The value of one of them, if it won.
    template <std::size_t kPlace>
    [[nodiscard]] auto& get() & noexcept {
        return std::get<kPlace>(values_);
    }

    template <std::size_t kPlace>
    [[nodiscard]] const auto& get() const& noexcept {
        return std::get<kPlace>(values_);
    }

    template <std::size_t kPlace>
    [[nodiscard]] auto&& get() && noexcept {
        return std::get<kPlace>(std::move(values_));
    }

    [[nodiscard]] static constexpr std::size_t size() noexcept { return sizeof...(Values); }

    /// Takes the outcome of the one that won; for select().
    template <typename Handles>
    void take(std::size_t winner, Handles& handles) {
        winner_ = winner;
        take_from(handles, std::index_sequence_for<Values...>());
    }

private:
    using Result = std::variant<detail::Stored<Values>...>;

    template <typename Source, std::size_t... kPlaces>
    [[nodiscard]] Result result_of(Source&& values, std::index_sequence<kPlaces...>) const {
        if (error_) {
            std::rethrow_exception(error_);
        }
        std::optional<Result> result;
        const auto take_place = [&]<std::size_t kPlace>() {
            if (winner_ == kPlace) {
                result.emplace(
                    std::in_place_index<kPlace>, *std::get<kPlace>(std::forward<Source>(values)));
            }
        };
        (take_place.template operator()<kPlaces>(), ...);
        if (!result) {
            throw InvalidStateError("select: nothing was done when the time was over");
        }
        return *std::move(result);
    }

    template <typename Handles, std::size_t... kPlaces>
    void take_from(Handles& handles, std::index_sequence<kPlaces...>) {
        const auto take_place = [&]<std::size_t kPlace>() {
            if (winner_ != kPlace) {
                return;
            }
            auto outcome = detail::settle(*std::get<kPlace>(handles).state());
            if (outcome.has_value()) {
                std::get<kPlace>(values_).emplace(std::move(outcome).value());
            } else {
                error_ = outcome.error();
            }
        };
        (take_place.template operator()<kPlaces>(), ...);
    }

    std::tuple<std::optional<detail::Stored<Values>>...> values_;
    std::optional<std::size_t> winner_;
    std::exception_ptr error_;
};

namespace detail {

/// Waits for the first to end, and deals with the others as the options say. Returns the winner.
Task<std::optional<std::size_t>> wait_for_winner(
    CompletionSet::Members members, SelectOptions options);

}  // namespace detail

/// Starts all, and returns when the first of them has ended; the others are cancelled.
///
/// When the time is over before one has ended, nothing is thrown: the result is not done().
///
/// Cancel:    cancels all, and lasts until they ended.
/// Errors:    the winner's error, unless return_exceptions; CancelledError (the winner was
///            cancelled). Errors of those that were cancelled are nobody's business.
/// Affinity:  loop.
/// Idea:      aiomisc.select.
template <Awaitable... Awaitables>
    requires(sizeof...(Awaitables) > 0)
Task<SelectResult<AwaitableValue<Awaitables>...>> select(
    SelectOptions options, Awaitables... awaitables) {
    auto handles = detail::start_all(std::move(awaitables)...);
    const auto winner = co_await detail::wait_for_winner(detail::members_of(handles), options);
    SelectResult<AwaitableValue<Awaitables>...> result;
    if (winner) {
        result.take(*winner, handles);
    }
    // Those that go on do so by request, or are being cancelled already.
    detail::release_all(handles);
    if (result.is_exception() && !options.return_exceptions) {
        std::rethrow_exception(result.exception());
    }
    co_return result;
}

template <Awaitable... Awaitables>
    requires(sizeof...(Awaitables) > 0)
Task<SelectResult<AwaitableValue<Awaitables>...>> select(Awaitables... awaitables) {
    return select(SelectOptions{}, std::move(awaitables)...);
}

}  // namespace aiomisc

template <typename... Values>
struct std::tuple_size<aiomisc::SelectResult<Values...>>
    : std::integral_constant<std::size_t, sizeof...(Values)> {};

template <std::size_t kPlace, typename... Values>
struct std::tuple_element<kPlace, aiomisc::SelectResult<Values...>> {
    using type =
        std::optional<aiomisc::detail::Stored<std::tuple_element_t<kPlace, std::tuple<Values...>>>>;
};
