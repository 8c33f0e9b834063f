// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/source_cache/compiler.h>
#include <aiomisc/cli/source_cache/manifest.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// Keeps the job modules that were compiled from C++ sources, so that a second run does not call
/// the compiler.
///
/// Two steps, as in ccache's direct mode. The first key is taken from what is known without a
/// compiler: the source, the flags, the compiler, the ABI. It leads to a manifest of all files that
/// the compilation read. If they are unchanged, the module named there is the answer; its name is
/// the second key, taken from the first and the content of those files, so a module file never
/// changes once it is there. A module whose files changed while the compiler ran gets no manifest:
/// it serves the run that made it.
///
///     ROOT/<first key>.manifest   .lock   .building/
///     ROOT/<second key>/module.so
///
/// The root belongs to us and is writable by nobody else, or nothing is done at all. A module that
/// others could write is compiled again. Two runs at once compile once: the second one waits.
class SourceCache {
public:
    using Notice = std::function<void(const std::string& text)>;

    /// `notice` is told what takes long, and why a module cannot be kept.
    SourceCache(std::filesystem::path root, Compiler compiler, Notice notice);

    /// ${XDG_CACHE_HOME:-~/.cache}/aiomisc-run. Errors: Error (there is no home directory).
    static std::filesystem::path default_root();

    /// The module of a source, compiled now if it must be.
    ///
    /// Errors:    Error (the source does not compile; the cache is not safe), SystemError.
    std::filesystem::path module_of(
        const std::filesystem::path& source, const std::vector<std::string>& flags);

private:
    struct Compilation {
        std::filesystem::path source;
        std::vector<std::string> flags;
        std::string key;
    };

    [[nodiscard]] std::string first_key(
        const std::filesystem::path& source, const std::vector<std::string>& flags) const;
    [[nodiscard]] std::optional<std::filesystem::path> look_up(const std::string& key) const;
    std::filesystem::path compile(const Compilation& compilation) const;
    void keep(const std::filesystem::path& building, const std::string& module_key) const;
    void publish(const Manifest& manifest, const std::string& key) const;
    [[nodiscard]] std::filesystem::path module_path(const std::string& module_key) const;

    std::filesystem::path root_;
    Compiler compiler_;
    Notice notice_;
};

}  // namespace aiomisc::cli
