// SPDX-License-Identifier: MIT
#include "plugin_file.h"

#include <aiomisc/runtime/app/plugins.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>

#include <algorithm>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::detail {

namespace {

namespace fs = std::filesystem;

/// Refuses what others than this user and root could have changed. A user's files may be writable
/// by the user's own group, as they are under umask 002.
void check_owned(const fs::path& path, mode_t kind, std::string_view what) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        throw SystemError::from_errno("open", path.string());
    }
    const auto refuse = [&](std::string_view reason) {
        return Error(fmt::format("refusing to load from {}: {}", path.string(), reason));
    };
    if ((status.st_mode & S_IFMT) != kind) {
        throw refuse(fmt::format("it is no {}", what));
    }
    if (status.st_uid != ::geteuid() && status.st_uid != 0) {
        throw refuse("it belongs to another user");
    }
    const bool by_strange_group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != ::getegid();
    if ((status.st_mode & S_IWOTH) != 0 || by_strange_group) {
        throw refuse("others can write it; run chmod go-w on it");
    }
}

void check_directory(const fs::path& directory) {
    check_owned(directory, S_IFDIR, "directory");
}

template <typename Function>
Function* symbol(void* handle, const char* name, const fs::path& file) {
    void* const address = ::dlsym(handle, name);
    if (address == nullptr) {
        throw Error(fmt::format("{} is no plugin: it does not export {}", file.string(), name));
    }
    return reinterpret_cast<Function*>(address);
}

}  // namespace

std::vector<fs::path> plugin_directories(std::string_view list) {
    std::vector<fs::path> directories;
    while (!list.empty()) {
        const std::string_view entry = list.substr(0, list.find(':'));
        list.remove_prefix(std::min(entry.size() + 1, list.size()));
        if (entry.starts_with('/')) {
            directories.emplace_back(entry);
        } else if (!entry.empty()) {
            log::warning("aiomisc", "AIOMISC_PLUGIN_PATH: {} is not an absolute path", entry);
        }
    }
    return directories;
}

std::vector<fs::path> plugin_files(const fs::path& directory) {
    check_directory(directory);
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        if (entry->path().extension() == ".so") {
            files.push_back(entry->path());
        }
    }
    if (error) {
        throw SystemError::from_code(error.value(), "read", directory.string());
    }
    std::ranges::sort(files);
    return files;
}

PluginFile load_plugin_file(const fs::path& file) {
    std::error_code error;
    // Checked and loaded is the same name: in directories that are ours nobody swaps files.
    const fs::path target = fs::canonical(file, error);
    if (error) {
        throw SystemError::from_code(error.value(), "open", file.string());
    }
    check_directory(target.parent_path());
    check_owned(target, S_IFREG, "regular file");
    void* const handle = ::dlopen(target.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        throw Error(::dlerror());  // NOLINT(concurrency-mt-unsafe): glibc keeps it per thread
    }
    const auto abi = symbol<std::uint32_t()>(handle, "aiomisc_plugin_abi", file)();
    if (abi != kPluginAbi) {
        throw Error(fmt::format(
            "{} was built for plugin interface {}, this program has {}: build it again",
            file.string(),
            abi,
            kPluginAbi));
    }
    return {
        .name = symbol<const char*()>(handle, "aiomisc_plugin_name", file)(),
        .doc = symbol<const char*()>(handle, "aiomisc_plugin_doc", file)(),
        .setup = symbol<void()>(handle, "aiomisc_plugin_setup", file),
    };
}

}  // namespace aiomisc::detail
