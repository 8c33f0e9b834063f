// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/arguments.h>
#include <aiomisc/ipc/codec/buffer.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace aiomisc::detail {

/// Where a worker is with a call; what WorkerDied says about the moment of death.
enum class CallPhase : std::uint32_t { kStart, kIdle, kSerialise, kRun, kResult };

/// Where an encoded result goes, and where the progress of a call is noted.
class CallFrame {
public:
    CallFrame(const CallFrame&) = delete;
    CallFrame& operator=(const CallFrame&) = delete;

    virtual void enter(CallPhase phase) noexcept = 0;

    template <typename Value>
    void result(const Value& value) {
        enter(CallPhase::kResult);
        if (ipc::FixedArea* area = fixed_area(); area != nullptr && ipc::encode(*area, value)) {
            return;
        }
        ipc::encode(spilled(), value);
    }

protected:
    CallFrame() = default;
    ~CallFrame() = default;

    /// Memory that the parent sees, to write straight into; null if it is not free.
    virtual ipc::FixedArea* fixed_area() noexcept = 0;

    /// The buffer for a result that does not fit there.
    virtual ipc::Buffer& spilled() = 0;
};

/// Decodes arguments, calls one function, encodes its result. A function travels between processes
/// as the place of its thunk in its module, never as an address.
struct Thunk {
    void (*call)(std::span<const std::byte> arguments, CallFrame& frame);
};

/// Puts a thunk into the registry of the module that contains it, before main() or in dlopen().
class ThunkRegistration {
public:
    explicit ThunkRegistration(const Thunk& thunk) noexcept;

    [[nodiscard]] const Thunk& thunk() const noexcept { return thunk_; }

private:
    const Thunk& thunk_;
};

template <typename Function, typename Result, typename... Parameters>
struct ThunkOf {
    static_assert(
        (ipc::DecodableArgument<Parameters> && ...),
        "a parameter of this function cannot be received in a worker process: see "
        "ipc/codec/codec.h");

    static void call(std::span<const std::byte> arguments, CallFrame& frame) {
        frame.enter(CallPhase::kSerialise);
        auto decoded = ipc::decode_arguments<ipc::Arguments<Parameters...>>(arguments);
        frame.enter(CallPhase::kRun);
        if constexpr (std::is_void_v<Result>) {
            ipc::call_with<Parameters...>(Function{}, decoded);
            frame.enter(CallPhase::kResult);
        } else {
            frame.result(static_cast<const std::remove_cvref_t<Result>&>(
                ipc::call_with<Parameters...>(Function{}, decoded)));
        }
    }

    static constexpr Thunk kThunk{&call};
    static inline const ThunkRegistration kRegistration{kThunk};
};

/// A function given as a template argument, made into a type that can be default-constructed and
/// called.
template <auto kFunction>
struct FunctionConstant {
    template <typename... Arguments>
    decltype(auto) operator()(Arguments&&... arguments) const {
        return kFunction(std::forward<Arguments>(arguments)...);
    }
};

/// The signature of a function, or of a callable without captures.
template <typename Callable, typename CallOperator = decltype(&Callable::operator())>
struct SignatureOf;

template <typename Callable, typename Class, typename Return, typename... Params>
struct SignatureOf<Callable, Return (Class::*)(Params...) const> {
    using Result = Return;
    using Thunk = ThunkOf<Callable, Return, Params...>;

    template <typename... Values>
    static void encode(ipc::Buffer& buffer, Values&&... values) {
        ipc::encode_arguments<Params...>(buffer, std::forward<Values>(values)...);
    }

    static constexpr std::size_t kParameters = sizeof...(Params);
};

template <typename Callable, typename Class, typename Return, typename... Params>
struct SignatureOf<Callable, Return (Class::*)(Params...) const noexcept>
    : SignatureOf<Callable, Return (Class::*)(Params...) const> {};

template <auto kFunction, typename Pointer = std::remove_cv_t<decltype(kFunction)>>
struct FunctionSignature;

template <auto kFunction, typename Return, typename... Params>
struct FunctionSignature<kFunction, Return (*)(Params...)> {
    using Result = Return;
    using Thunk = ThunkOf<FunctionConstant<kFunction>, Return, Params...>;

    template <typename... Values>
    static void encode(ipc::Buffer& buffer, Values&&... values) {
        ipc::encode_arguments<Params...>(buffer, std::forward<Values>(values)...);
    }

    static constexpr std::size_t kParameters = sizeof...(Params);
};

template <auto kFunction, typename Return, typename... Params>
struct FunctionSignature<kFunction, Return (*)(Params...) noexcept>
    : FunctionSignature<kFunction, Return (*)(Params...)> {};

/// A function object without state, so that the worker can make its own.
template <typename Callable>
concept CapturelessCallable =
    std::is_empty_v<Callable> && std::is_default_constructible_v<Callable> &&
    requires { typename SignatureOf<Callable>::Result; };

}  // namespace aiomisc::detail
