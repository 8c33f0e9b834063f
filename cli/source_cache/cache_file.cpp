// SPDX-License-Identifier: MIT
#include <aiomisc/cli/source_cache/cache_file.h>

#include <aiomisc/cli/target/module_file.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

namespace aiomisc::cli {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw SystemError::from_errno("open", path.string());
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_private_file(const std::filesystem::path& path, std::string_view content) {
    ::unlink(path.c_str());
    const UniqueFd fd(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    while (fd && !content.empty()) {
        const ssize_t count = ::write(fd.get(), content.data(), content.size());
        if (count < 0 && errno != EINTR) {
            break;
        }
        content.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    if (!fd || !content.empty()) {
        throw SystemError::from_errno("write", path.string());
    }
}

void move_to(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        throw SystemError::from_errno("rename", from.string());
    }
}

void sync_to_disk(const std::filesystem::path& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    // EINVAL: this file system has no such thing.
    if (!fd || (::fsync(fd.get()) != 0 && errno != EINVAL)) {
        throw SystemError::from_errno("write to disk", path.string());
    }
}

bool is_private_file(const std::filesystem::path& path) {
    try {
        check_private_file(path.string());
        return true;
    } catch (const Error&) {
        return false;
    }
}

}  // namespace aiomisc::cli
