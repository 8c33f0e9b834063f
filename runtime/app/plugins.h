// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace aiomisc {

/// Something that joins a program without being named by it: it connects itself to the signals of
/// entrypoints, or registers dependencies, in its setup.
struct Plugin {
    std::string name;
    std::string doc;             ///< one line
    std::filesystem::path file;  ///< empty where it is a part of the program
};

using Plugins = std::map<std::string, Plugin, std::less<>>;

/// Loads every plugin and calls its setup; once per process, later calls give the same map and cost
/// a lock. Every Entrypoint calls it first, so that what a setup connects to
/// Entrypoint::PRE_START() and its like reaches it.
///
/// In this order: what the program itself registered (AIOMISC_PLUGIN) and what comes with the
/// library, by name; then each file `*.so` of each directory of `AIOMISC_PLUGIN_PATH` (separated by
/// ':'), by name; then those of `<libdir>/aiomisc/plugins` below the prefix the library was
/// installed to. Of two plugins with one name the first counts. With anything in
/// `AIOMISC_NO_PLUGINS` there are none.
///
/// A file that cannot be loaded is logged as an error and left out. What a setup throws is logged,
/// and thrown by this call and all later ones: a program does not run with half of what it is
/// configured for.
///
/// A setup must not start threads: worker processes are forked after it.
///
/// What is loaded runs with the rights of the program, so nobody else may have had a hand in it: a
/// directory and a file must belong to this user or to root, and be writable by no one else but the
/// user's own group; what a symbolic link leads to is held to the same. `AIOMISC_PLUGIN_PATH` takes
/// absolute paths only. A program that runs with more rights than who started it (set-user-id, file
/// capabilities) loads no files at all.
///
/// Errors:    what a setup throws.
/// Affinity:  any thread.
/// Idea:      aiomisc.plugins.
/// Example:   examples/plugin
const Plugins& load_plugins();

/// What plugins in files must have been compiled with; raised with any change to what they see of
/// the library. A file that says another number is refused before its functions are called.
inline constexpr std::uint32_t kPluginAbi = 1;

namespace detail {

struct PluginRegistration {
    PluginRegistration(const char* name, const char* doc, void (*setup)());
};

}  // namespace detail

}  // namespace aiomisc

// NOLINTBEGIN(cppcoreguidelines-macro-usage): there is no other way to define names from names

/// Registers a plugin that is linked into the program; at namespace scope, once per source file.
/// `setup` is a function without arguments.
///
///     AIOMISC_PLUGIN("audit", "Logs which services start.", setup);
#define AIOMISC_PLUGIN(name, doc, setup)                                \
    [[maybe_unused]] static const ::aiomisc::detail::PluginRegistration \
    aiomisc_plugin_registration(name, doc, [] { setup(); })

/// Makes a shared object a plugin; at namespace scope, once per object. What it exports has C
/// linkage: `uint32_t aiomisc_plugin_abi(void)`, `const char* aiomisc_plugin_name(void)`,
/// `const char* aiomisc_plugin_doc(void)`, `void aiomisc_plugin_setup(void)`.
///
/// The object is not linked to the library, but takes it from the program: two copies would have
/// two sets of signals. CMake's side of it: aiomisc_add_plugin(), and aiomisc_enable_plugins() for
/// the program.
#define AIOMISC_PLUGIN_MODULE(name, doc, setup)                                    \
    extern "C" {                                                                   \
    [[gnu::visibility("default")]] ::std::uint32_t aiomisc_plugin_abi() noexcept { \
        return ::aiomisc::kPluginAbi;                                              \
    }                                                                              \
    [[gnu::visibility("default")]] const char* aiomisc_plugin_name() noexcept {    \
        return name;                                                               \
    }                                                                              \
    [[gnu::visibility("default")]] const char* aiomisc_plugin_doc() noexcept {     \
        return doc;                                                                \
    }                                                                              \
    [[gnu::visibility("default")]] void aiomisc_plugin_setup() {                   \
        setup();                                                                   \
    }                                                                              \
    }

// NOLINTEND(cppcoreguidelines-macro-usage)
