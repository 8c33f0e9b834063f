// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/plugins.h>

#include "builtin_plugins.h"
#include "plugin_file.h"

#include <aiomisc/runtime/base/environment.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <tuple>
#include <vector>

#include <sys/auxv.h>

namespace aiomisc {

namespace {

namespace fs = std::filesystem;

using Setup = void (*)();

struct Candidate {
    Plugin plugin;
    Setup setup;
};

struct Registry {
    /// Recursive: a setup may make an Entrypoint, which loads plugins; it finds those before it.
    std::recursive_mutex mutex;
    std::vector<Candidate> registered;
    bool begun = false;
    Plugins loaded;
    std::exception_ptr error;
};

Registry& registry() {
    static Registry registry;
    return registry;
}

std::vector<Candidate> linked_candidates(const Registry& registry) {
    std::vector<Candidate> candidates = registry.registered;
    for (const detail::BuiltinPlugin& plugin : detail::builtin_plugins()) {
        candidates.push_back({{plugin.name, plugin.doc, {}}, plugin.setup});
    }
    // The order in which static objects of several sources are made is the linker's.
    std::ranges::sort(candidates, {}, [](const Candidate& candidate) {
        return std::tie(candidate.plugin.name, candidate.plugin.doc);
    });
    return candidates;
}

/// The program has more rights than who started it, and who also made its environment.
bool is_privileged() {
    return ::getauxval(AT_SECURE) != 0;
}

std::vector<fs::path> directories() {
    std::vector<fs::path> result;
    if (is_privileged()) {
        return result;
    }
    if (const auto list = environment::text("AIOMISC_PLUGIN_PATH")) {
        result = detail::plugin_directories(*list);
    }
    const fs::path installed = AIOMISC_PLUGIN_DIRECTORY;
    std::error_code error;
    if (fs::exists(installed, error)) {
        result.push_back(installed);
    }
    return result;
}

void load_one(Registry& registry, const Candidate& candidate) {
    const Plugin& plugin = candidate.plugin;
    if (const auto other = registry.loaded.find(plugin.name); other != registry.loaded.end()) {
        log::warning(
            "aiomisc",
            "plugin {} of {} is left out: there is one of that name already",
            plugin.name,
            plugin.file.empty() ? "the program" : plugin.file.string());
        return;
    }
    try {
        candidate.setup();
    } catch (...) {
        log::error(
            "aiomisc",
            "setup of plugin {} failed: {}",
            plugin.name,
            describe_exception(std::current_exception()));
        throw;
    }
    registry.loaded.emplace(plugin.name, plugin);
}

void load_file(Registry& registry, const fs::path& file) {
    detail::PluginFile loaded;
    try {
        loaded = detail::load_plugin_file(file);
    } catch (const std::exception& error) {
        log::error("aiomisc", "plugin {}: {}", file.string(), error.what());
        return;
    }
    load_one(registry, {{loaded.name, loaded.doc, file}, loaded.setup});
}

void load_directory(Registry& registry, const fs::path& directory) {
    std::vector<fs::path> files;
    try {
        files = detail::plugin_files(directory);
    } catch (const std::exception& error) {
        log::error("aiomisc", "plugins of {}: {}", directory.string(), error.what());
    }
    for (const fs::path& file : files) {
        load_file(registry, file);
    }
}

void load_all(Registry& registry) {
    if (environment::text("AIOMISC_NO_PLUGINS")) {
        return;
    }
    for (const Candidate& candidate : linked_candidates(registry)) {
        load_one(registry, candidate);
    }
    for (const fs::path& directory : directories()) {
        load_directory(registry, directory);
    }
}

}  // namespace

const Plugins& load_plugins() {
    Registry& plugins = registry();
    const std::scoped_lock lock(plugins.mutex);
    if (!plugins.begun) {
        plugins.begun = true;
        try {
            load_all(plugins);
        } catch (...) {
            plugins.error = std::current_exception();
        }
    }
    if (plugins.error) {
        std::rethrow_exception(plugins.error);
    }
    return plugins.loaded;
}

detail::PluginRegistration::PluginRegistration(const char* name, const char* doc, void (*setup)()) {
    registry().registered.push_back({{name, doc, {}}, setup});
}

}  // namespace aiomisc
