// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/error.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <memory>
#include <system_error>
#include <utility>

#include <cxxabi.h>

namespace aiomisc {

namespace {

std::string system_message(int code, const std::string& operation, const std::string& subject) {
    std::string message = operation;
    if (!subject.empty()) {
        message += ' ';
        message += subject;
    }
    message += ": ";
    // strerror() is not thread-safe; the generic category is.
    message += std::generic_category().message(code);
    return message;
}

}  // namespace

SystemError::SystemError(int code, std::string operation, std::string subject)
    : Error(system_message(code, operation, subject)),
      code_(code),
      operation_(std::move(operation)),
      subject_(std::move(subject)) {}

SystemError SystemError::from_errno(std::string operation, std::string subject) {
    const int code = errno;
    return {code, std::move(operation), std::move(subject)};
}

SystemError SystemError::from_code(int code, std::string operation, std::string subject) {
    return {code, std::move(operation), std::move(subject)};
}

SystemError SystemError::from_uv(int status, std::string operation, std::string subject) {
    // libuv's own errors (EAI_*, UV_EOF) lie beyond the errno range and keep their number.
    return {-status, std::move(operation), std::move(subject)};
}

ConfigError::ConfigError(std::string key, std::string source, std::string_view reason)
    : Error(key + " (from " + source + "): " + std::string(reason)),
      key_(std::move(key)),
      source_(std::move(source)) {}

std::string demangle(const char* mangled_name) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(mangled_name, nullptr, nullptr, &status), &std::free);
    return status == 0 ? std::string(name.get()) : std::string(mangled_name);
}

std::string describe_exception(const std::exception_ptr& error) {
    if (!error) {
        return "no exception";
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& exception) {
        const char* text = exception.what();
        return demangle(typeid(exception).name()) + ": " + (text == nullptr ? "unprintable" : text);
    } catch (const CancelledError&) {
        return "cancelled";
    } catch (...) {
        const std::type_info* type = abi::__cxa_current_exception_type();
        return type == nullptr ? "unknown exception" : demangle(type->name());
    }
}

}  // namespace aiomisc
