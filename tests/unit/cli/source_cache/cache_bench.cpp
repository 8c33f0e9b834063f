// SPDX-License-Identifier: MIT
#include "unit/cli/source_cache/cache_bench.h"

#include "support/catch.h"
#include "support/process.h"

#include <algorithm>
#include <string>
#include <utility>

#include <dlfcn.h>

namespace aiomisc::test {

namespace fs = std::filesystem;

int run_compiler(const std::vector<std::string>& words) {
    return Process::start(words).wait().code;
}

CacheBench::CacheBench() {
    compiler_ = dir.write(
        "cc",
        "#!/bin/sh\nhere='" + dir.path().string() + "'\necho called >>\"$here/calls\"\n" +
            AIOMISC_TEST_CC
            " \"$@\" || exit\ncd \"$here\"\ntest ! -e afterwards || . ./afterwards\n");
    fs::permissions(compiler_, fs::perms::owner_all);
    dir.write("value.h", "#define VALUE 1\n");
    source = dir.write("job.cpp", "#include \"value.h\"\nint value() { return VALUE; }\n");
}

fs::path CacheBench::module_by(
    const std::vector<std::string>& words, const std::vector<std::string>& flags) {
    std::vector<std::string> command{compiler_.string()};
    command.insert(command.end(), words.begin(), words.end());
    cli::SourceCache cache(
        root(),
        cli::Compiler(std::move(command), {"-O0"}, &run_compiler),
        [this](const std::string& text) { notices.push_back(text); });
    return cache.module_of(source, flags);
}

int CacheBench::calls() const {
    if (!fs::exists(dir / "calls")) {
        return 0;
    }
    const std::string text = dir.read("calls");
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

int CacheBench::modules() const {
    const auto is_module = [](const fs::directory_entry& entry) {
        return fs::exists(entry.path() / "module.so");
    };
    return static_cast<int>(
        std::count_if(fs::directory_iterator(root()), fs::directory_iterator(), is_module));
}

int value_of(const fs::path& module) {
    void* const handle = ::dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE(handle != nullptr);
    const auto function = reinterpret_cast<int (*)()>(::dlsym(handle, "_Z5valuev"));
    REQUIRE(function != nullptr);
    const int value = function();
    ::dlclose(handle);
    return value;
}

}  // namespace aiomisc::test
