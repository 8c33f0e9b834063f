// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/application.h>

#include "build_config.h"

#include <aiomisc/cli/exit_codes.h>
#include <aiomisc/cli/options/directives.h>
#include <aiomisc/cli/options/help.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/options/run_reference.h>
#include <aiomisc/cli/reference/completion.h>
#include <aiomisc/cli/reference/man_page.h>
#include <aiomisc/cli/reference/plain_text.h>
#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/report/terminal_line.h>
#include <aiomisc/cli/run/build_id.h>
#include <aiomisc/cli/run/compiler_run.h>
#include <aiomisc/cli/run/job_script.h>
#include <aiomisc/cli/run/launch.h>
#include <aiomisc/cli/run/stop_signals.h>
#include <aiomisc/cli/source_cache/source_cache.h>
#include <aiomisc/cli/target/target.h>
#include <aiomisc/runtime/base/environment.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/worker/job/job_module.h>
#include <aiomisc/worker/pool/worker_hooks.h>
#include <aiomisc/worker/process/zygote.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

namespace aiomisc::cli {

namespace {

void say(const std::string& text) {
    fmt::print(stderr, "aiomisc-run: {}\n", printable(text));
}

/// Of the standard descriptors that were closed, none may become a file of ours: its content would
/// be taken for items, or be overwritten by output. Using one fails, as it does when it is closed.
void occupy_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) {
            // The lowest that is free, so this one.
            static_cast<void>(::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
        }
    }
}

std::filesystem::path compiled(const Target& target, const Options& options) {
    process::Zygote::ensure(detail::worker_hooks());
    SourceCache cache(SourceCache::default_root(), Compiler::configured(&run_compiler), &say);
    return cache.module_of(target.path, options.command.cxx_flags);
}

/// The module to load for a target, if it is one.
std::optional<std::filesystem::path> module_file(const Target& target, const Options& options) {
    switch (target.kind) {
        case Target::Kind::kCommand:
            return std::nullopt;
        case Target::Kind::kModule:
            return target.path;
        case Target::Kind::kSource:
            return compiled(target, options);
    }
    return std::nullopt;
}

/// Of a source, whose module has a name that tells nobody anything.
JobModule load(const std::filesystem::path& module, const Target& target) {
    try {
        return JobModule::load(module);
    } catch (const ConfigError& error) {
        if (target.kind != Target::Kind::kSource) {
            throw;
        }
        throw Error(target.path + ": " + error.what());
    }
}

std::string description(const Options& options) {
    const Target target = choose_target(options.command);
    const auto file = module_file(target, options);
    if (!file) {
        throw Error("--describe needs a job module (.so) or a C++ source");
    }
    return load(*file, target).describe();
}

int start(const Options& options, const std::vector<std::string>& arguments) {
    const Target target = choose_target(options.command);
    if (!target.warning.empty()) {
        say(target.warning);
    }
    const auto file = module_file(target, options);
    // Before a module is loaded, whose static objects may start threads, and before there is a
    // loop.
    process::Zygote::ensure(detail::worker_hooks());
    if (!file) {
        return launch_jobs(options, arguments, target, nullptr);
    }
    const JobModule module = load(*file, target);
    const bool runs_jobs =
        !options.sources.empty() || options.resume.mode == ResumeMode::kRetryFailed;
    if (module.main() != nullptr && (module.job() == nullptr || !runs_jobs)) {
        return launch_script(options, target, module);
    }
    return launch_jobs(options, arguments, target, &module);
}

/// What an action prints that runs nothing.
std::string text_of(const Options& options) {
    switch (options.action) {
        case Options::Action::kHelp:
            return short_help();
        case Options::Action::kHelpAll:
            return plain_text(run_reference(), terminal_width(STDOUT_FILENO));
        case Options::Action::kManPage:
            return man_page(run_reference());
        case Options::Action::kBashCompletion:
            return bash_completion(run_reference());
        case Options::Action::kZshCompletion:
            return zsh_completion(run_reference());
        case Options::Action::kVersion:
            return fmt::format(
                "aiomisc-run {} (build {}, job module ABI {})\n",
                AIOMISC_RUN_VERSION,
                program_build_id(),
                job::kModuleAbi);
        case Options::Action::kDescribe:
            return description(options);
        case Options::Action::kRun:
            break;
    }
    return "";
}

/// What was printed through the C library or the C++ one, by a job script as well, and is lost now
/// or was lost before.
void flush_stdout() {
    errno = 0;
    if (!std::cout.flush() || std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        throw SystemError::from_code(errno != 0 ? errno : EIO, "write", "stdout");
    }
}

int perform(const Options& options, const std::vector<std::string>& arguments) {
    int status = kSuccess;
    if (options.action == Options::Action::kRun) {
        status = start(options, arguments);
    } else {
        const std::string text = text_of(options);
        end_with_reader();
        if (std::fputs(text.c_str(), stdout) < 0) {
            throw SystemError::from_errno("write", "stdout");
        }
    }
    flush_stdout();
    return status;
}

}  // namespace

int run_application(const std::vector<std::string>& arguments) {
    occupy_standard_descriptors();
    // A reader that goes away is learned from EPIPE.
    ::signal(SIGPIPE, SIG_IGN);
    // A file that may not grow any more is learned from EFBIG.
    ::signal(SIGXFSZ, SIG_IGN);
    // Questions that nobody answers yet.
    ::signal(SIGUSR1, SIG_IGN);
    ::signal(SIGUSR2, SIG_IGN);
    try {
        log::basic_config({.level = log::Level::kWarning, .log_format = log::Format::kPlain});
        const std::string defaults = environment::text("AIOMISC_RUN_OPTS").value_or(std::string());
        const Options options = parse_command_line(
            arguments, {.environment_options = defaults, .directives = &read_directives});
        return perform(options, arguments);
    } catch (const StoppedBySignal& stopped) {
        die_of(stopped.signal);
    } catch (const UsageError& error) {
        fmt::print(stderr, "{}", usage_message(error));
    } catch (const std::exception& error) {
        say(error.what());
    }
    return kLauncherError;
}

}  // namespace aiomisc::cli
