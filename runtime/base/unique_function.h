// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/compiler.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace aiomisc {

template <typename Signature>
class UniqueFunction;

/// A callable that is moved, not copied: std::move_only_function, which libstdc++ 12 does not have.
///
/// Small callables (three words) are kept inside, without an allocation. Calling an empty one
/// throws std::bad_function_call.
template <typename Result, typename... Arguments>
class UniqueFunction<Result(Arguments...)> {
public:
    UniqueFunction() noexcept = default;

    template <typename Callable>
        requires(
            !std::is_same_v<std::remove_cvref_t<Callable>, UniqueFunction> &&
            std::is_invocable_r_v<Result, std::decay_t<Callable>&, Arguments...>)
    UniqueFunction(
        Callable&& callable)  // NOLINT(bugprone-forwarding-reference-overload): constrained above
        : operations_(&OperationsOf<std::decay_t<Callable>>::kTable) {
        OperationsOf<std::decay_t<Callable>>::construct(storage_, std::forward<Callable>(callable));
    }

    UniqueFunction(UniqueFunction&& other) noexcept { take(other); }

    UniqueFunction& operator=(UniqueFunction&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }

    UniqueFunction(const UniqueFunction&) = delete;
    UniqueFunction& operator=(const UniqueFunction&) = delete;

    ~UniqueFunction() { reset(); }

    explicit operator bool() const noexcept { return operations_ != nullptr; }

    Result operator()(Arguments... arguments) {
        if (operations_ == nullptr) {
            throw std::bad_function_call();
        }
        return operations_->invoke(storage_, std::forward<Arguments>(arguments)...);
    }

    void reset() noexcept {
        if (operations_ != nullptr) {
            std::exchange(operations_, nullptr)->destroy(storage_);
        }
    }

private:
    struct Operations {
        Result (*invoke)(std::byte*, Arguments&&...);
        void (*move)(std::byte* from, std::byte* to) noexcept;
        void (*destroy)(std::byte*) noexcept;
    };

    static constexpr std::size_t kInlineBytes = 3 * sizeof(void*);

    template <typename Callable>
    static constexpr bool kFitsInline =
        sizeof(Callable) <= kInlineBytes && alignof(Callable) <= alignof(void*) &&
        std::is_nothrow_move_constructible_v<Callable>;

    template <typename Callable>
    struct OperationsOf {
        using Stored =
            std::conditional_t<kFitsInline<Callable>, Callable, std::unique_ptr<Callable>>;

        template <typename Source>
        static void construct(std::byte* storage, Source&& source) {
            if constexpr (kFitsInline<Callable>) {
                ::new (storage) Stored(std::forward<Source>(source));
            } else {
                ::new (storage) Stored(std::make_unique<Callable>(std::forward<Source>(source)));
            }
        }

        static Stored& stored(std::byte* storage) {
            return *std::launder(reinterpret_cast<Stored*>(storage));
        }

        static Callable& callable(std::byte* storage) {
            if constexpr (kFitsInline<Callable>) {
                return stored(storage);
            } else {
                return *stored(storage);
            }
        }

        static Result invoke(std::byte* storage, Arguments&&... arguments) {
            return static_cast<Result>(
                std::invoke(callable(storage), std::forward<Arguments>(arguments)...));
        }

        static void move(std::byte* from, std::byte* to) noexcept {
            ::new (to) Stored(std::move(stored(from)));
            stored(from).~Stored();
        }

        static void destroy(std::byte* storage) noexcept { stored(storage).~Stored(); }

        static constexpr Operations kTable{&invoke, &move, &destroy};
    };

    void take(UniqueFunction& other) noexcept {
        operations_ = std::exchange(other.operations_, nullptr);
        if (operations_ != nullptr) {
            operations_->move(other.storage_, storage_);
        }
    }

    const Operations* operations_ = nullptr;
    alignas(void*) std::byte storage_[kInlineBytes]{};
};

}  // namespace aiomisc
