// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/preflight.h>

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/output/spill_file.h>
#include <aiomisc/cli/target/program.h>
#include <aiomisc/runtime/base/environment.h>

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

/// What a path or a descriptor stands for, if that is a regular file: another one costs nothing.
std::optional<struct stat> regular(int result, const struct stat& status) {
    return result == 0 && S_ISREG(status.st_mode) ? std::optional(status) : std::nullopt;
}

std::optional<struct stat> file_at(const std::string& path) {
    struct stat status{};
    return regular(::stat(path.c_str(), &status), status);
}

std::optional<struct stat> standard_input() {
    struct stat status{};
    return regular(::fstat(STDIN_FILENO, &status), status);
}

bool same(const std::optional<struct stat>& a, const std::optional<struct stat>& b) {
    return a && b && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/// /tmp itself is met only by the job that prints more than memory holds: where there is none, most
/// runs do not miss it.
void check_spill_directory(const OutputOptions& output) {
    const bool named = !output.spill_directory.empty() || environment::text("TMPDIR");
    if (!named && !output.print_file_names) {
        return;
    }
    const std::string directory =
        output.spill_directory.empty() ? SpillFile::default_directory() : output.spill_directory;
    if (::access((directory + "/.").c_str(), W_OK | X_OK) != 0) {
        throw UsageError(
            "long output cannot wait in " + directory + ": " +
            std::generic_category().message(errno) + "; name another folder with --tmpdir DIR");
    }
}

void check_shell(const TemplateOptions& command) {
    if (command.shell_given && !find_program(command.shell)) {
        throw UsageError("--shell '" + command.shell + "': there is no such program");
    }
}

bool is_read(const std::optional<struct stat>& file, const Options& options) {
    if (options.resume.mode == ResumeMode::kRetryFailed) {
        return false;  // what is read is the log
    }
    if (options.sources.empty()) {
        return same(file, standard_input());
    }
    for (const SourceSpec& source : options.sources) {
        if (source.kind == SourceSpec::Kind::kFile &&
            same(file, source.path == "-" ? standard_input() : file_at(source.path))) {
            return true;
        }
    }
    return false;
}

void check_written_files(const Options& options) {
    const std::optional<struct stat> log = file_at(options.report.job_log);
    const std::optional<struct stat> results = file_at(options.output.results);
    if (is_read(log, options)) {
        throw UsageError("--joblog " + options.report.job_log + ": the items are read from it");
    }
    if (is_read(results, options)) {
        throw UsageError("--results " + options.output.results + ": the items are read from it");
    }
    const bool same_name =
        !options.report.job_log.empty() && options.report.job_log == options.output.results;
    if (same_name || same(log, results)) {
        throw UsageError("--joblog and --results name the same file, " + options.output.results);
    }
}

}  // namespace

void check_surroundings(const Options& options) {
    check_spill_directory(options.output);
    check_shell(options.command);
    check_written_files(options);
}

}  // namespace aiomisc::cli
