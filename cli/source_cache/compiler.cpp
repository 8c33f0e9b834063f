// SPDX-License-Identifier: MIT
#include <aiomisc/cli/source_cache/compiler.h>

#include "build_config.h"

#include <aiomisc/cli/options/words.h>
#include <aiomisc/cli/target/program.h>
#include <aiomisc/runtime/base/error.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/stat.h>

namespace aiomisc::cli {
namespace {

namespace fs = std::filesystem;

// What GCC and clang read beside their command line: lists of folders,
constexpr const char* kFolders[] = {
    "CPATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX"};

// and values that go into what they make.
constexpr const char* kValues[] = {"LD_RUN_PATH", "SOURCE_DATE_EPOCH"};

const char* environment(const char* name) {
    return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing of ours changes it
}

/// An empty one of several is the current folder.
bool names_relative_folder(std::string_view list) {
    while (list.starts_with('/')) {
        const std::size_t colon = list.find(':');
        if (colon == std::string_view::npos) {
            return false;
        }
        list.remove_prefix(colon + 1);
    }
    return true;
}

std::string describe_variable(const char* name) {
    const char* const value = environment(name);
    return std::string(name) + (value != nullptr ? "=" + std::string(value) : "");
}

std::string include_directory() {
    std::error_code error;
    const fs::path binary = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        const fs::path installed = binary.parent_path() / AIOMISC_RUN_INCLUDE_FROM_BINARY;
        if (fs::exists(installed / "aiomisc" / "job.h", error)) {
            return installed.lexically_normal().string();
        }
    }
    return AIOMISC_RUN_BUILD_INCLUDE;
}

std::string describe_file(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        throw SystemError::from_errno("stat", path);
    }
    return path + " " + std::to_string(status.st_size) + " " +
           std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

}  // namespace

Compiler Compiler::configured(Runner runner) {
    const char* const chosen = environment("CXX");
    std::vector<std::string> command = split_words(chosen != nullptr ? chosen : "");
    if (command.empty()) {
        command = {AIOMISC_RUN_CXX};
    }
    std::vector<std::string> flags = split_words(AIOMISC_RUN_CXX_FLAGS);
    flags.push_back("-I" + include_directory());
    return {std::move(command), std::move(flags), std::move(runner)};
}

Compiler::Compiler(std::vector<std::string> command, std::vector<std::string> flags, Runner runner)
    : command_(std::move(command)), flags_(std::move(flags)), runner_(std::move(runner)) {}

std::vector<std::string> Compiler::identity() const {
    std::vector<std::string> identity;
    bool depends_on_folder = false;
    for (const std::string& word : command_) {
        const auto program = find_program(word);
        if (!program && &word == &command_.front()) {
            throw Error("there is no compiler '" + word + "'; set CXX to one");
        }
        identity.push_back(program ? describe_file(*program) : word);
        std::error_code error;
        const fs::path real = program ? fs::canonical(*program, error) : fs::path();
        if (program && !error && real != *program) {
            identity.push_back(describe_file(real.string()));
        }
        depends_on_folder = depends_on_folder || !program;  // `-Iinclude`
    }
    identity.insert(identity.end(), flags_.begin(), flags_.end());
    for (const char* name : kFolders) {
        identity.push_back(describe_variable(name));
        const char* const list = environment(name);
        depends_on_folder = depends_on_folder || (list != nullptr && names_relative_folder(list));
    }
    for (const char* name : kValues) {
        identity.push_back(describe_variable(name));
    }
    identity.push_back(depends_on_folder ? fs::current_path().string() : "");
    return identity;
}

void Compiler::compile(const Request& request) const {
    std::vector<std::string> words = command_;
    words.insert(words.end(), flags_.begin(), flags_.end());
    words.insert(
        words.end(),
        {"-shared",
         "-fPIC",
         "-MD",
         "-MF",
         request.dependency_file,
         "-MT",
         "module",
         "-o",
         request.output,
         request.source});
    words.insert(words.end(), request.flags.begin(), request.flags.end());
    if (const int status = runner_(words); status != 0) {
        throw Error(
            "compiling " + request.source + " failed: " + command_.front() + " exited with " +
            std::to_string(status));
    }
}

std::vector<std::string> parse_dependencies(const std::string& text) {
    std::vector<std::string> files;
    std::string word;
    const auto end_word = [&] {
        if (!word.empty()) {
            files.push_back(std::exchange(word, {}));
        }
    };
    // make's quoting: `\ ` and `\#` for the characters, `$$` for a dollar, `\` at the end of a
    // line.
    std::size_t at = text.find(": ");
    for (at = at == std::string::npos ? text.size() : at + 2; at < text.size(); ++at) {
        const char next = at + 1 < text.size() ? text[at + 1] : '\0';
        if (text[at] == '\\' && (next == ' ' || next == '#' || next == '\\')) {
            word += next;
            ++at;
        } else if (text[at] == '$' && next == '$') {
            word += '$';
            ++at;
        } else if (text[at] == '\\' && next == '\n') {
            end_word();
            ++at;
        } else if (text[at] == ' ' || text[at] == '\n') {
            end_word();
        } else {
            word += text[at];
        }
    }
    end_word();
    return files;
}

}  // namespace aiomisc::cli
