// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/process/control_messages.h>
#include <aiomisc/worker/process/hooks.h>

#include <exception>

namespace aiomisc::detail {

/// What the processes of pools run: the initializer in supervisors, the server in workers.
process::SupervisorHooks worker_hooks() noexcept;

/// The error an initializer ended with.
std::exception_ptr initializer_error(const process::InitializerFailed& failure);

}  // namespace aiomisc::detail
