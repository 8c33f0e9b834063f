// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/job/descriptor.h>
#include <aiomisc/worker/job/module_note.h>

#include <filesystem>
#include <span>
#include <string>
#include <utility>

namespace aiomisc {

/// A job module loaded into this process.
///
/// It stays loaded until the process ends: its static objects and thread-locals may be in use by
/// then.
///
/// Affinity:  any thread.
/// Example:   tests/unit/worker/job/job_module_test.cpp
class JobModule {
public:
    /// Reads the note of `file`, and loads it if it is a job module.
    ///
    /// Errors:    those of read_module_note(); ConfigError (the dynamic linker refuses it, with its
    ///            reason).
    static JobModule load(const std::filesystem::path& file);

    [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

    [[nodiscard]] const ModuleNote& note() const noexcept { return note_; }

    /// The job function, or `nullptr`.
    [[nodiscard]] const job::Job* job() const noexcept { return module_->job; }

    /// The main coroutine, or `nullptr`.
    [[nodiscard]] job::MainFunction main() const noexcept { return module_->main; }

    /// The help text: what it offers, the parameters of its job, its build id.
    [[nodiscard]] std::string describe() const;

private:
    JobModule(std::filesystem::path file, ModuleNote note, const job::Module* module)
        : file_(std::move(file)), note_(std::move(note)), module_(module) {}

    std::filesystem::path file_;
    ModuleNote note_;
    const job::Module* module_;
};

/// The help text of one job: what it does, a usage line, a line for each parameter.
std::string describe_job(const job::Job& job);

/// Runs a job and checks that what it returned can be an exit status.
///
/// Errors:    what the job throws; ArgumentError; std::out_of_range (not between 0 and 125).
int run_job(const job::Job& job, JobContext& context, std::span<const job::Argument> arguments);

}  // namespace aiomisc
