// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/directives.h>

#include <aiomisc/cli/options/words.h>
#include <aiomisc/cli/target/program.h>

#include <fstream>
#include <iterator>

namespace aiomisc::cli {
namespace {

constexpr std::size_t kMaxBytes = 32768;
constexpr std::string_view kMark = "aiomisc:";

std::string read_beginning(const std::string& path) {
    std::string text(kMaxBytes, '\0');
    std::ifstream file(path, std::ios::binary);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::string_view without_leading_blanks(std::string_view line) {
    const std::size_t start = line.find_first_not_of(" \t\r");
    return start == std::string_view::npos ? std::string_view{} : line.substr(start);
}

}  // namespace

std::vector<std::string> parse_directives(std::string_view text, std::string_view comment) {
    std::vector<std::string> options;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = without_leading_blanks(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty()) {
            continue;
        }
        if (!line.starts_with(comment)) {
            break;
        }
        line = without_leading_blanks(line.substr(comment.size()));
        if (line.starts_with(kMark)) {
            auto words = split_words(line.substr(kMark.size()));
            std::move(words.begin(), words.end(), std::back_inserter(options));
        }
    }
    return options;
}

std::vector<std::string> read_directives(const std::string& target) {
    if (is_cxx_source(target)) {
        return parse_directives(read_beginning(target), "//");
    }
    // A script that was named by its path is run by its interpreter if it may not be executed.
    const bool named = target.find('/') != std::string::npos && is_regular_file(target);
    const auto path = named ? target : find_program(target);
    if (!path) {
        return {};
    }
    const std::string text = read_beginning(*path);
    return text.starts_with("#!") ? parse_directives(text, "#") : std::vector<std::string>{};
}

}  // namespace aiomisc::cli
