// SPDX-License-Identifier: MIT
#pragma once

#include "support/temp_dir.h"

#include <aiomisc/cli/source_cache/source_cache.h>

#include <filesystem>
#include <string>
#include <vector>

namespace aiomisc::test {

/// Runs a command line to its end.
int run_compiler(const std::vector<std::string>& words);

/// A cache, a source with one header, and a compiler that counts its calls. When it is done, that
/// one runs the shell script `afterwards`, if there is one.
class CacheBench {
public:
    CacheBench();

    std::filesystem::path module(const std::vector<std::string>& flags = {}) {
        return module_by({}, flags);
    }

    /// With `words` behind the compiler's name.
    std::filesystem::path module_by(
        const std::vector<std::string>& words, const std::vector<std::string>& flags = {});

    [[nodiscard]] std::filesystem::path root() const { return dir / "cache/aiomisc-run"; }

    [[nodiscard]] int calls() const;

    /// How many modules there are.
    [[nodiscard]] int modules() const;

    TempDir dir;
    std::filesystem::path source;
    std::vector<std::string> notices;

private:
    std::filesystem::path compiler_;
};

/// What value() of a module returns.
int value_of(const std::filesystem::path& module);

}  // namespace aiomisc::test
