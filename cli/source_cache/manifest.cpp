// SPDX-License-Identifier: MIT
#include <aiomisc/cli/source_cache/manifest.h>

#include <aiomisc/cli/source_cache/sha256.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include <sys/stat.h>

namespace aiomisc::cli {
namespace {

constexpr std::string_view kHeader = "aiomisc-run manifest 1";

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

bool take_state(Dependency& dependency) {
    struct stat status{};
    if (::stat(dependency.path.c_str(), &status) != 0) {
        return false;
    }
    dependency.size = static_cast<std::uint64_t>(status.st_size);
    dependency.modified_ns = nanoseconds(status.st_mtim);
    dependency.changed_ns = nanoseconds(status.st_ctim);
    dependency.inode = status.st_ino;
    return true;
}

std::optional<std::string> content_sum(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    return Sha256().add(content).hex();
}

bool is_key(const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

Dependency describe_dependency(const std::string& path) {
    Dependency dependency{.path = path};
    auto sum = take_state(dependency) ? content_sum(path) : std::nullopt;
    if (!sum) {
        throw SystemError::from_errno("read", path);
    }
    dependency.sha256 = std::move(*sum);
    return dependency;
}

bool is_unchanged(const Dependency& dependency) {
    Dependency now{.path = dependency.path, .sha256 = dependency.sha256};
    return take_state(now) && (now == dependency || (now.size == dependency.size &&
                                                     content_sum(now.path) == dependency.sha256));
}

std::string Manifest::to_text() const {
    std::ostringstream text;
    text << kHeader << '\n' << module_key << '\n';
    for (const Dependency& file : dependencies) {
        text << file.sha256 << ' ' << file.size << ' ' << file.modified_ns << ' ' << file.changed_ns
             << ' ' << file.inode << ' ' << file.path << '\n';
    }
    text << "end\n";
    return text.str();
}

std::optional<Manifest> Manifest::parse(std::string_view text) {
    std::istringstream lines{std::string(text)};
    std::string line;
    Manifest manifest;
    if (!std::getline(lines, line) || line != kHeader ||
        !std::getline(lines, manifest.module_key) || !is_key(manifest.module_key)) {
        return std::nullopt;
    }
    while (std::getline(lines, line) && line != "end") {
        std::istringstream fields(line);
        Dependency file;
        fields >> file.sha256 >> file.size >> file.modified_ns >> file.changed_ns >> file.inode;
        fields.get();
        if (!std::getline(fields, file.path) || !is_key(file.sha256)) {
            return std::nullopt;
        }
        manifest.dependencies.push_back(std::move(file));
    }
    return line == "end" ? std::optional(std::move(manifest)) : std::nullopt;
}

}  // namespace aiomisc::cli
