// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/pool/errors.h>
#include <aiomisc/worker/process/control_messages.h>

#include <sys/types.h>

// What became of a command, in the terms of the job log.
namespace aiomisc::cli {

/// It ended by itself, or could not be started, or not in `folder`.
void describe_end(const process::Exited& exited, const std::string& folder, JobResult& result);

/// The run, or a limit, ended it: by `signal`, if it did not die of another.
void describe_stop(JobResult& result, int signal);

/// It is not gone, though it was killed.
void describe_survival(pid_t pid, JobResult& result);

/// The supervisor died, and killed its commands by that; the next command gets another one.
void describe_loss(const WorkerError& error, JobResult& result);

/// There was not even a process.
JobResult not_started(const Error& error);

/// The errno of a start that failed; 0 if the program ran, or will never run.
int start_error_of(const process::Exited& exited) noexcept;

}  // namespace aiomisc::cli
