// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/error.h>

#include <string>

namespace aiomisc {

/// What a call threw in another process, where its type is not one that can be rebuilt here:
/// neither a standard exception nor one of ours.
///
/// The message reads `type: what`.
class RemoteError : public Error {
public:
    RemoteError(std::string type_name, std::string message, std::string trace = {});

    /// The demangled name of the type that was thrown.
    [[nodiscard]] const std::string& type_name() const noexcept { return type_name_; }

    /// What it said: `what()`, or the value of a thrown number or string.
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

    /// Where it was thrown, one frame a line; empty if unknown.
    [[nodiscard]] const std::string& trace() const noexcept { return trace_; }

private:
    std::string type_name_;
    std::string message_;
    std::string trace_;
};

}  // namespace aiomisc
