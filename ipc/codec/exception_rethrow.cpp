// SPDX-License-Identifier: MIT
// The receiving half of exception_codec.h: a table from type names to functions that throw that
// type. What is not in the table becomes a RemoteError, so a hostile name selects nothing but an
// entry of it.
#include <aiomisc/ipc/codec/buffer.h>
#include <aiomisc/ipc/codec/error_category.h>
#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <any>
#include <charconv>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <variant>

namespace aiomisc::ipc {

namespace {

std::error_code code_of(const EncodedException& error) {
    return {error.code, detail::error_category_named(error.category)};
}

/// The text the exception was made with: std::system_error appends that of the code.
std::string text_before_code(std::string_view text, const std::error_code& code) {
    const std::string suffix = ": " + code.message();
    if (text.ends_with(suffix)) {
        text.remove_suffix(suffix.size());
    }
    return std::string(text);
}

std::string detail_of(const EncodedException& error, std::size_t index) {
    return index < error.details.size() ? error.details[index] : std::string();
}

/// Throws a copy of `exception`, with the exception being handled inside if there is to be one.
template <typename T>
[[noreturn]] void raise(const T& exception, bool nested) {
    if (nested) {
        std::throw_with_nested(exception);
    }
    throw exception;
}

using Thrower = void (*)(const EncodedException&, bool nested);

/// A type that is its text.
template <typename T>
void throw_text(const EncodedException& error, bool nested) {
    raise(T(error.what), nested);
}

/// A type whose text is fixed.
template <typename T>
void throw_fixed(const EncodedException& /*error*/, bool nested) {
    raise(T(), nested);
}

void throw_system_error(const EncodedException& error, bool nested) {
    const std::error_code code = code_of(error);
    if (error.what == code.message()) {
        raise(std::system_error(code), nested);
    }
    raise(std::system_error(code, text_before_code(error.what, code)), nested);
}

void throw_ios_failure(const EncodedException& error, bool nested) {
    const std::error_code code = code_of(error);
    raise(std::ios_base::failure(text_before_code(error.what, code), code), nested);
}

void throw_filesystem_error(const EncodedException& error, bool nested) {
    using std::filesystem::filesystem_error;
    static constexpr std::string_view kPrefix = "filesystem error: ";
    const std::error_code code = code_of(error);
    const std::string first = detail_of(error, 0);
    const std::string second = detail_of(error, 1);
    // The text names as many paths as the constructor was given.
    const int paths = !second.empty() ? 2 : !first.empty() ? 1 : 0;
    std::string suffix = paths == 0 ? "" : " [" + first + ']';
    if (paths == 2) {
        suffix += " [" + second + ']';
    }
    std::string_view rest = error.what;
    if (rest.starts_with(kPrefix)) {
        rest.remove_prefix(kPrefix.size());
    }
    if (rest.ends_with(suffix)) {
        rest.remove_suffix(suffix.size());
    }
    const std::string text = text_before_code(rest, code);
    raise(
        paths == 2   ? filesystem_error(text, first, second, code)
        : paths == 1 ? filesystem_error(text, first, code)
                     : filesystem_error(text, code),
        nested);
}

void throw_future_error(const EncodedException& error, bool nested) {
    raise(std::future_error(static_cast<std::future_errc>(error.code)), nested);
}

void throw_regex_error(const EncodedException& error, bool nested) {
    raise(std::regex_error(static_cast<std::regex_constants::error_type>(error.code)), nested);
}

void throw_our_system_error(const EncodedException& error, bool nested) {
    raise(SystemError::from_code(error.code, detail_of(error, 0), detail_of(error, 1)), nested);
}

void throw_config_error(const EncodedException& error, bool nested) {
    const std::string key = detail_of(error, 0);
    const std::string source = detail_of(error, 1);
    std::string_view reason = error.what;
    const std::string prefix = key + " (from " + source + "): ";
    if (reason.starts_with(prefix)) {
        reason.remove_prefix(prefix.size());
    }
    raise(ConfigError(key, source, reason), nested);
}

void throw_payload_too_large(const EncodedException& error, bool nested) {
    const std::string text = detail_of(error, 0);
    std::size_t limit = 0;
    std::from_chars(text.data(), text.data() + text.size(), limit);
    raise(PayloadTooLarge(limit), nested);
}

void throw_cancelled(const EncodedException& error, bool /*nested*/) {
    const bool known = error.code >= 0 && error.code <= static_cast<int>(CancelReason::kShutdown);
    throw CancelledError(known ? static_cast<CancelReason>(error.code) : CancelReason::kRequested);
}

template <typename T>
std::pair<std::string, Thrower> entry(Thrower thrower) {
    return {demangle(typeid(T).name()), thrower};
}

template <typename... Ts>
void add_texts(std::unordered_map<std::string, Thrower>& table) {
    (table.insert(entry<Ts>(&throw_text<Ts>)), ...);
}

template <typename... Ts>
void add_fixed(std::unordered_map<std::string, Thrower>& table) {
    (table.insert(entry<Ts>(&throw_fixed<Ts>)), ...);
}

std::unordered_map<std::string, Thrower> make_table() {
    std::unordered_map<std::string, Thrower> table;
    add_texts<
        std::logic_error,
        std::invalid_argument,
        std::domain_error,
        std::length_error,
        std::out_of_range,
        std::runtime_error,
        std::range_error,
        std::overflow_error,
        std::underflow_error,
        Error,
        TimeoutError,
        InvalidStateError,
        ClosedError,
        ProtocolError,
        EncodeError>(table);
    add_fixed<
        std::exception,
        std::bad_exception,
        std::bad_alloc,
        std::bad_array_new_length,
        std::bad_cast,
        std::bad_any_cast,
        std::bad_typeid,
        std::bad_optional_access,
        std::bad_variant_access,
        std::bad_function_call,
        std::bad_weak_ptr>(table);
    table.insert(entry<std::system_error>(&throw_system_error));
    table.insert(entry<std::ios_base::failure>(&throw_ios_failure));
    table.insert(entry<std::filesystem::filesystem_error>(&throw_filesystem_error));
    table.insert(entry<std::future_error>(&throw_future_error));
    table.insert(entry<std::regex_error>(&throw_regex_error));
    table.insert(entry<SystemError>(&throw_our_system_error));
    table.insert(entry<ConfigError>(&throw_config_error));
    table.insert(entry<PayloadTooLarge>(&throw_payload_too_large));
    table.insert(entry<CancelledError>(&throw_cancelled));
    return table;
}

[[noreturn]] void throw_one(const EncodedException& error, bool nested) {
    static const std::unordered_map<std::string, Thrower> table = make_table();
    if (const auto at = table.find(error.type); at != table.end()) {
        at->second(error, nested);
    }
    raise(RemoteError(error.type, error.what, error.trace), nested);
}

/// Throws the first of `chain`, with the rest nested in it.
[[noreturn]] void throw_chain(
    const EncodedException& outer, std::span<const EncodedException> inner) {
    if (inner.empty()) {
        throw_one(outer, false);
    }
    try {
        throw_chain(inner.front(), inner.subspan(1));
    } catch (...) {
        throw_one(outer, true);
    }
}

}  // namespace

void rethrow(const EncodedException& error) {
    const std::span<const EncodedException> inner = error.nested;
    throw_chain(error, inner.first(std::min(inner.size(), kMaxNestedExceptions - 1)));
}

std::exception_ptr to_exception_ptr(const EncodedException& error) noexcept {
    try {
        rethrow(error);
    } catch (...) {
        return std::current_exception();
    }
}

}  // namespace aiomisc::ipc
