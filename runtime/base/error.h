// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/compiler.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace aiomisc {

/// Base of everything the library throws, cancellation excepted.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The operating system refused an operation.
///
/// The message reads `operation subject: reason`, e.g. `connect /run/x.sock: connection refused`.
class SystemError : public Error {
public:
    SystemError(int code, std::string operation, std::string subject);

    /// From `errno`, as the failed call left it.
    static SystemError from_errno(std::string operation, std::string subject = {});

    /// From an explicit errno value.
    static SystemError from_code(int code, std::string operation, std::string subject = {});

    /// From a negative libuv status.
    static SystemError from_uv(int status, std::string operation, std::string subject = {});

    /// The errno value, positive.
    [[nodiscard]] int code() const noexcept { return code_; }

    [[nodiscard]] const std::string& operation() const noexcept { return operation_; }

    [[nodiscard]] const std::string& subject() const noexcept { return subject_; }

private:
    int code_;
    std::string operation_;
    std::string subject_;
};

/// A limit of time ran out; the message says which.
class TimeoutError : public Error {
public:
    using Error::Error;
};

/// An object was used in a state that does not allow it: a result read twice, a future set twice.
class InvalidStateError : public Error {
public:
    using Error::Error;
};

/// The object was closed, or is closing.
class ClosedError : public Error {
public:
    using Error::Error;
};

/// A peer sent what it may not: a bad frame, an unknown id, a version that does not match.
class ProtocolError : public Error {
public:
    using Error::Error;
};

/// A value could not be encoded for the wire, or decoded from it.
class EncodeError : public Error {
public:
    using Error::Error;
};

/// A setting is wrong. Carries the key and where it came from.
class ConfigError : public Error {
public:
    /// `source` is where the value was read: a flag, an environment variable, a file.
    ConfigError(std::string key, std::string source, std::string_view reason);

    [[nodiscard]] const std::string& key() const noexcept { return key_; }

    [[nodiscard]] const std::string& source() const noexcept { return source_; }

private:
    std::string key_;
    std::string source_;
};

/// Why something was cancelled.
enum class CancelReason {
    kRequested,  ///< somebody called cancel()
    kDropped,    ///< the last handle to it was dropped unawaited
    kTimeout,    ///< a time limit over it ran out
    kShutdown,   ///< the loop, group or pool it belonged to ended
};

/// Cancellation, as it arrives at the suspension point of a task.
///
/// Not a std::exception, so that `catch (const std::exception&)` in user code cannot swallow it,
/// which is what Python did when CancelledError left Exception. `catch (...)` must rethrow it.
class CancelledError {
public:
    CancelledError() = default;

    explicit CancelledError(CancelReason reason) noexcept : reason_(reason) {}

    [[nodiscard]] CancelReason reason() const noexcept { return reason_; }

private:
    CancelReason reason_ = CancelReason::kRequested;
};

/// Text of any exception, for logs: the type and `what()`, or "cancelled".
std::string describe_exception(const std::exception_ptr& error);

/// The demangled name of a type, e.g. of `typeid(x).name()`.
std::string demangle(const char* mangled_name);

}  // namespace aiomisc
