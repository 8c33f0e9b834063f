// SPDX-License-Identifier: MIT
// The sending half of exception_codec.h: reads whatever was thrown without trusting it to be
// well-made.
#include <aiomisc/ipc/codec/buffer.h>
#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/runtime/base/error.h>

#include <concepts>
#include <cstring>
#include <exception>
#include <filesystem>
#include <future>
#include <regex>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>

namespace aiomisc::ipc {

namespace {

constexpr std::string_view kCutNote = " [cut at 64 KiB]";
constexpr std::string_view kUnprintable = "unprintable";

/// `text`, cut to the limit at the start of a UTF-8 character.
std::string bounded(std::string_view text) {
    if (text.size() <= kMaxExceptionTextBytes) {
        return std::string(text);
    }
    std::size_t end = kMaxExceptionTextBytes - kCutNote.size();
    while (end != 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    return std::string(text.substr(0, end)).append(kCutNote);
}

std::string bounded(const char* text) {
    if (text == nullptr) {
        return std::string(kUnprintable);
    }
    // Garbage need not end in a null byte; look no further than we keep.
    return bounded(std::string_view(text, ::strnlen(text, kMaxExceptionTextBytes + 1)));
}

/// The type of the exception being handled, without the wrapper of std::throw_with_nested().
std::string current_type_name() {
    static constexpr std::string_view kWrapper = "std::_Nested_exception<";
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type == nullptr) {
        return "unknown";
    }
    const std::string name = demangle(type->name());
    std::string_view view = name;
    if (view.starts_with(kWrapper) && view.ends_with('>')) {
        view.remove_prefix(kWrapper.size());
        view.remove_suffix(1);
        while (view.ends_with(' ')) {
            view.remove_suffix(1);
        }
    }
    return bounded(view);
}

std::string value_text(const char* value) {
    return bounded(value);
}

std::string value_text(const std::string& value) {
    return bounded(value);
}

std::string value_text(bool value) {
    return value ? "true" : "false";
}

template <typename T>
    requires std::integral<T> || std::floating_point<T>
std::string value_text(T value) {
    return std::to_string(value);
}

/// How a T is caught. A pointer not by reference: clang 19 binds that to the wrong memory when the
/// exception was rethrown from a std::exception_ptr.
template <typename T>
using Caught = std::conditional_t<std::is_pointer_v<T>, T, const T&>;

/// Sets `text` if the exception is a value of type T.
template <typename T>
bool describe_value(const std::exception_ptr& error, std::string& text) {
    try {
        std::rethrow_exception(error);
    } catch (Caught<T> value) {
        text = value_text(value);
        return true;
    } catch (...) {
        return false;
    }
}

template <typename... Ts>
std::string describe_any_value(const std::exception_ptr& error) {
    std::string text = "not derived from std::exception";
    static_cast<void>((describe_value<Ts>(error, text) || ...));
    return text;
}

void keep_code(EncodedException& encoded, const std::error_code& code) {
    encoded.code = code.value();
    encoded.category = code.category().name();
}

/// What a type holds besides its text. The order of the tests is from derived to base.
void keep_details(EncodedException& encoded, const std::exception& error) {
    if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
        keep_code(encoded, file->code());
        encoded.details = {file->path1().native(), file->path2().native()};
    } else if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
        keep_code(encoded, system->code());
    } else if (const auto* future = dynamic_cast<const std::future_error*>(&error)) {
        keep_code(encoded, future->code());
    } else if (const auto* regex = dynamic_cast<const std::regex_error*>(&error)) {
        encoded.code = static_cast<int>(regex->code());
    } else if (const auto* ours = dynamic_cast<const SystemError*>(&error)) {
        encoded.code = ours->code();
        encoded.details = {ours->operation(), ours->subject()};
    } else if (const auto* config = dynamic_cast<const ConfigError*>(&error)) {
        encoded.details = {config->key(), config->source()};
    } else if (const auto* payload = dynamic_cast<const PayloadTooLarge*>(&error)) {
        encoded.details = {std::to_string(payload->limit())};
    }
}

EncodedException describe(const std::exception_ptr& error) {
    EncodedException encoded;
    try {
        std::rethrow_exception(error);
    } catch (const RemoteError& remote) {
        // It came from a process further down: hand on what was thrown there.
        encoded.type = bounded(remote.type_name());
        encoded.what = bounded(remote.message());
        encoded.trace = bounded(remote.trace());
    } catch (const std::exception& exception) {
        encoded.type = current_type_name();
        encoded.what = bounded(exception.what());
        keep_details(encoded, exception);
    } catch (const CancelledError& cancelled) {
        encoded.type = current_type_name();
        encoded.what = "cancelled";
        encoded.code = static_cast<int>(cancelled.reason());
    } catch (...) {
        encoded.type = current_type_name();
        encoded.what = describe_any_value<
            int,
            unsigned,
            long,
            unsigned long,
            long long,
            unsigned long long,
            bool,
            double,
            float,
            const char*,
            char*,
            std::string>(error);
    }
    return encoded;
}

std::exception_ptr nested_in(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::nested_exception& nesting) {
        return nesting.nested_ptr();
    } catch (...) {
        return nullptr;
    }
}

}  // namespace

EncodedException encode_exception(const std::exception_ptr& error, std::string trace) {
    if (!error) {
        return {.type = "unknown", .what = "no exception"};
    }
    EncodedException encoded = describe(error);
    if (encoded.trace.empty()) {
        encoded.trace = bounded(trace);
    }
    std::exception_ptr inner = nested_in(error);
    while (inner && encoded.nested.size() + 1 < kMaxNestedExceptions) {
        encoded.nested.push_back(describe(inner));
        inner = nested_in(inner);
    }
    return encoded;
}

}  // namespace aiomisc::ipc
