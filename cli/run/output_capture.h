// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/executor.h>
#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/worker/pool/output_pipe.h>

#include <array>
#include <exception>
#include <memory>
#include <utility>

namespace aiomisc::cli {

/// The pipes that a command prints into, read in the loop.
class OutputCapture {
public:
    OutputCapture(EventLoop& loop, JobOutput output) : loop_(loop), output_(std::move(output)) {}

    /// The end to give to the command.
    /// Errors: SystemError (no descriptor is free).
    UniqueFd open(OutputStream stream);

    /// Takes what is still in the pipes; to be called when the command has ended. What a process
    /// that it left behind would print later is not waited for.
    ///
    /// Errors: what taking the output threw, now or before: SystemError (the disk is full).
    void finish();

private:
    EventLoop& loop_;
    JobOutput output_;
    std::array<std::unique_ptr<detail::OutputPipe>, 2> pipes_;
    std::exception_ptr error_;
};

}  // namespace aiomisc::cli
