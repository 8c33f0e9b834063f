// SPDX-License-Identifier: MIT
#include <aiomisc/cli/target/target.h>

#include <aiomisc/cli/target/module_file.h>
#include <aiomisc/cli/target/program.h>
#include <aiomisc/cli/template/shell_quote.h>
#include <aiomisc/runtime/base/error.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace aiomisc::cli {
namespace {

std::string absolute(const std::string& path) {
    std::error_code error;
    const auto resolved = std::filesystem::canonical(path, error);
    if (error) {
        throw SystemError::from_code(error.value(), "open", path);
    }
    return resolved.string();
}

Target file_target(Target::Kind kind, const std::vector<std::string>& words) {
    return {
        .kind = kind, .path = absolute(words.front()), .words = {words.begin() + 1, words.end()}};
}

// The words of `#!/interpreter argument`; the kernel, too, takes what follows as one argument.
std::vector<std::string> interpreter_of(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    if (!line.starts_with("#!")) {
        return {};
    }
    std::istringstream fields(line.substr(2));
    std::vector<std::string> words(1);
    fields >> words.front() >> std::ws;
    std::string argument;
    if (std::getline(fields, argument)) {
        words.push_back(argument.substr(0, argument.find_last_not_of(" \t\r") + 1));
    }
    return words;
}

bool is_script_without_permission(const std::string& word) {
    return word.find('/') != std::string::npos && is_regular_file(word) &&
           !is_executable_file(word);
}

/// A path that was mistyped, most likely. What has blanks or other signs of a shell is a line of
/// it.
bool is_meant_as_job(const std::string& word) {
    const bool named_so = word.ends_with(".so") || word.ends_with(".cpp") ||
                          word.ends_with(".cc") || word.ends_with(".cxx");
    return named_so && word.find_first_of(" \t\n'\"\\$`|&;<>(){}[]*?~") == std::string::npos &&
           !is_regular_file(word) && !find_program(word);
}

Target run_by_interpreter(const TemplateOptions& options) {
    const std::string& path = options.words.front();
    std::vector<std::string> words = interpreter_of(path);
    if (words.empty() || words.front().empty()) {
        throw Error(path + " is not executable; run chmod +x on it");
    }
    Target target{
        .warning = path + " is not executable (chmod +x); running it with " + words.front()};
    // The words become shell text, unless they are taken literally; the path must survive that.
    const bool literal = options.no_shell || options.quote;
    words.push_back(literal ? path : shell_quote(path));
    words.insert(words.end(), options.words.begin() + 1, options.words.end());
    target.words = std::move(words);
    return target;
}

}  // namespace

Target choose_target(const TemplateOptions& options) {
    const auto& words = options.words;
    if (words.empty()) {
        return {};
    }
    const std::string& first = words.front();
    const bool automatic = options.mode == Mode::kAuto;
    if (options.mode == Mode::kModule ||
        (automatic && first.ends_with(".so") && is_regular_file(first))) {
        Target target = file_target(Target::Kind::kModule, words);
        check_module(target.path);
        return target;
    }
    if (options.mode == Mode::kSource || (automatic && is_cxx_source(first))) {
        return file_target(Target::Kind::kSource, words);
    }
    if (automatic && is_script_without_permission(first)) {
        return run_by_interpreter(options);
    }
    Target target{.words = words};
    if (automatic && is_meant_as_job(first)) {
        target.warning = "there is no file " + first + "; taking it for a command";
    }
    return target;
}

}  // namespace aiomisc::cli
