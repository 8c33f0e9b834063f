// SPDX-License-Identifier: MIT
#include <aiomisc/cli/source_cache/manifest.h>

#include <aiomisc/cli/source_cache/sha256.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

constexpr std::string_view kHeader = "aiomisc-run manifest 1";

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void take_state(Dependency& dependency, const struct stat& status) {
    dependency.size = static_cast<std::uint64_t>(status.st_size);
    dependency.modified_ns = nanoseconds(status.st_mtim);
    dependency.changed_ns = nanoseconds(status.st_ctim);
    dependency.inode = status.st_ino;
}

std::optional<std::string> read_all(int fd) {
    std::string content;
    std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count == 0) {
            return content;
        }
        if (count < 0 && errno != EINTR) {
            return std::nullopt;
        }
        content.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
}

std::string sum_of(const std::string& content) {
    return Sha256().add(content).hex();
}

bool is_key(const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

Dependency describe_dependency(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto content = file ? read_all(file.get()) : std::nullopt;
    // Of this very file, and behind the reading: a change that was read shows in its state.
    struct stat status{};
    if (!content || ::fstat(file.get(), &status) != 0) {
        throw SystemError::from_errno("read", path);
    }
    Dependency dependency{.path = path, .sha256 = sum_of(*content)};
    take_state(dependency, status);
    return dependency;
}

bool is_unchanged(const Dependency& dependency) {
    Dependency now{.path = dependency.path, .sha256 = dependency.sha256};
    struct stat status{};
    if (::stat(now.path.c_str(), &status) != 0) {
        return false;
    }
    take_state(now, status);
    if (now == dependency) {
        return true;
    }
    const UniqueFd file(::open(now.path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto content = file && now.size == dependency.size ? read_all(file.get()) : std::nullopt;
    return content && sum_of(*content) == dependency.sha256;
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
