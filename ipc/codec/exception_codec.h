// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/remote_error.h>

#include <cstddef>
#include <exception>
#include <string>
#include <vector>

namespace aiomisc::ipc {

/// Texts longer than this are cut, with a note.
inline constexpr std::size_t kMaxExceptionTextBytes = std::size_t{64} * 1024;

/// Exceptions of a chain of std::nested_exception that are kept, the outermost included.
inline constexpr std::size_t kMaxNestedExceptions = 8;

/// An exception as it travels between processes: a plain aggregate for encode() and decode().
struct EncodedException {
    std::string type;                  ///< demangled name of the type thrown
    std::string what;                  ///< its text
    std::string trace;                 ///< where it was thrown, empty if unknown
    int code = 0;                      ///< of an error_code, a SystemError, a CancelledError
    std::string category;              ///< name of the error_category, empty if there is none
    std::vector<std::string> details;  ///< what else the type needs to be rebuilt: paths, subjects
    std::vector<EncodedException>
        nested;  ///< what it was thrown out of, outermost first; they nest none

    bool operator==(const EncodedException&) const = default;
};

/// Describes `error` for another process. Survives anything that can be thrown: numbers, strings,
/// classes without a what(), a what() that returns null.
///
/// Params:    `trace` is kept with the outermost exception, unless that is a RemoteError with its
/// own. Errors:    std::bad_alloc.
[[nodiscard]] EncodedException encode_exception(
    const std::exception_ptr& error, std::string trace = {});

/// Throws what `error` describes: the same type where it is a standard exception or one of ours,
/// otherwise RemoteError. A nested chain is rebuilt, for std::rethrow_if_nested().
///
/// The description may come from a hostile process: it decides which of these is thrown, and its
/// text.
[[noreturn]] void rethrow(const EncodedException& error);

/// The same as a std::exception_ptr.
[[nodiscard]] std::exception_ptr to_exception_ptr(const EncodedException& error) noexcept;

}  // namespace aiomisc::ipc
