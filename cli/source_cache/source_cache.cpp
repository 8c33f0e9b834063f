// SPDX-License-Identifier: MIT
#include <aiomisc/cli/source_cache/source_cache.h>

#include <aiomisc/cli/source_cache/cache_file.h>
#include <aiomisc/cli/source_cache/change_time.h>
#include <aiomisc/cli/source_cache/private_directory.h>
#include <aiomisc/cli/source_cache/sha256.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/job/descriptor.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "aiomisc-run source cache 1";

std::string second_key(const std::string& first, const std::vector<Dependency>& dependencies) {
    Sha256 sum;
    sum.add(first);
    for (const Dependency& file : dependencies) {
        sum.add(file.path).add(file.sha256);
    }
    return sum.hex();
}

std::vector<Dependency> read_dependencies(const fs::path& dependency_file) {
    std::vector<Dependency> dependencies;
    for (const std::string& path : parse_dependencies(read_file(dependency_file))) {
        dependencies.push_back(describe_dependency(fs::absolute(path).string()));
    }
    return dependencies;
}

// Why a manifest cannot say what the compiler read; nothing if it can. `dependencies` were read
// after the compiler, which began at `start`.
std::string doubt_about(const std::vector<Dependency>& dependencies, std::int64_t start) {
    const std::int64_t now = change_time_now();
    for (const Dependency& file : dependencies) {
        if (file.path.find('\n') != std::string::npos) {
            return file.path + " has a line end in its name";
        }
        if (!changed_before(file.changed_ns, start)) {
            return file.path + (file.changed_ns > now ? " is dated in the future: touch it"
                                                      : " changed meanwhile");
        }
    }
    return "";
}

std::string home_directory() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
    if (const char* const home = std::getenv("HOME"); home != nullptr && *home == '/') {
        return home;
    }
    std::array<char, 16384> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr) {
        throw Error("there is no home directory to keep compiled sources in; set XDG_CACHE_HOME");
    }
    return entry.pw_dir;
}

}  // namespace

SourceCache::SourceCache(fs::path root, Compiler compiler, Notice notice)
    : root_(std::move(root)), compiler_(std::move(compiler)), notice_(std::move(notice)) {}

fs::path SourceCache::default_root() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
    const char* const cache = std::getenv("XDG_CACHE_HOME");
    // The specification wants relative paths ignored.
    if (cache != nullptr && *cache == '/') {
        return fs::path(cache) / "aiomisc-run";
    }
    return fs::path(home_directory()) / ".cache" / "aiomisc-run";
}

fs::path SourceCache::module_of(const fs::path& source, const std::vector<std::string>& flags) {
    make_private_directory(root_);
    const std::string key = first_key(source, flags);
    if (auto module = look_up(key)) {
        return *module;
    }
    const fs::path lock_path = root_ / (key + ".lock");
    UniqueFd lock = lock_file(lock_path, false);
    if (!lock) {
        notice_("waiting for another aiomisc-run that compiles " + source.string());
        lock = lock_file(lock_path, true);
    }
    if (auto module = look_up(key)) {
        return *module;  // made by whoever had the lock before us
    }
    notice_("compiling " + source.string());
    return compile({.source = source, .flags = flags, .key = key});
}

std::string SourceCache::first_key(
    const fs::path& source, const std::vector<std::string>& flags) const {
    Sha256 sum;
    sum.add(kFormat).add(std::uint64_t{job::kModuleAbi});
    sum.add(source.string()).add(read_file(source));
    for (const std::string& field : compiler_.identity()) {
        sum.add(field);
    }
    sum.add(std::uint64_t{flags.size()});
    for (const std::string& flag : flags) {
        sum.add(flag);
    }
    if (!flags.empty()) {
        sum.add(fs::current_path().string());  // they may name files relative to it
    }
    return sum.hex();
}

std::optional<fs::path> SourceCache::look_up(const std::string& key) const {
    const fs::path path = root_ / (key + ".manifest");
    if (!is_private_file(path)) {
        return std::nullopt;
    }
    const auto manifest = Manifest::parse(read_file(path));
    if (!manifest ||
        !std::all_of(manifest->dependencies.begin(), manifest->dependencies.end(), is_unchanged)) {
        return std::nullopt;
    }
    fs::path module = module_path(manifest->module_key);
    // One that is gone, or open to others, is made again.
    return is_private_file(module) ? std::optional(std::move(module)) : std::nullopt;
}

fs::path SourceCache::compile(const Compilation& compilation) const {
    // The lock makes this name ours; what a killed run left there goes.
    const fs::path building = root_ / (compilation.key + ".building");
    fs::remove_all(building);
    make_private_directory(building);
    const fs::path module = building / "module.so";
    const fs::path dependency_file = building / "dependencies";
    const std::int64_t start = change_time_now();
    try {
        compiler_.compile(
            {.source = compilation.source.string(),
             .output = module.string(),
             .dependency_file = dependency_file.string(),
             .flags = compilation.flags});
    } catch (...) {
        fs::remove_all(building);
        throw;
    }
    if (::chmod(module.c_str(), 0700) != 0) {
        throw SystemError::from_errno("chmod", module.string());
    }
    Manifest manifest;
    manifest.dependencies = read_dependencies(dependency_file);
    const std::string doubt = doubt_about(manifest.dependencies, start);
    if (doubt.empty()) {
        manifest.module_key = second_key(compilation.key, manifest.dependencies);
        keep(building, manifest.module_key);
        publish(manifest, compilation.key);
    } else {
        notice_("the next run compiles " + compilation.source.string() + " again: " + doubt);
        // Nothing leads to it. Named after what it is, the same one takes no further place.
        manifest.module_key = Sha256().add(compilation.key).add(read_file(module)).hex();
        keep(building, manifest.module_key);
    }
    return module_path(manifest.module_key);
}

void SourceCache::keep(const fs::path& building, const std::string& module_key) const {
    if (is_private_file(module_path(module_key))) {
        fs::remove_all(building);  // the same from an earlier run, which may be in use
        return;
    }
    // Before it has its name: what has one is whole, even after a power loss.
    sync_to_disk(building / "module.so");
    sync_to_disk(building);
    fs::remove_all(root_ / module_key);
    move_to(building, root_ / module_key);
}

void SourceCache::publish(const Manifest& manifest, const std::string& key) const {
    sync_to_disk(root_);  // the module's name
    const fs::path fresh = root_ / (key + ".manifest.new");
    write_private_file(fresh, manifest.to_text());
    move_to(fresh, root_ / (key + ".manifest"));
}

fs::path SourceCache::module_path(const std::string& module_key) const {
    return root_ / module_key / "module.so";
}

}  // namespace aiomisc::cli
