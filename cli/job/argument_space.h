// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>

#include <cstddef>

namespace aiomisc::cli {

/// Bytes that the arguments of a program may take, beside the environment that jobs get. Some are
/// left free: for the variables that tell a job its place, and as POSIX advises.
std::size_t argument_space();

/// Whether the system can start it. For a function, which the system does not limit, the space is
/// that of a program.
bool fits_into(const JobSpec& job, std::size_t space);

}  // namespace aiomisc::cli
