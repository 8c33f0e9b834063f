// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/error.h>

namespace aiomisc::cli {

/// The command line is wrong: answered with the message, a line of usage, and
/// ExitCode::kLauncherError.
class UsageError : public Error {
public:
    using Error::Error;
};

}  // namespace aiomisc::cli
