// SPDX-License-Identifier: MIT
#include <cstdio>

// A shared object that offers no job: it must not even be loaded.
namespace {

struct Trace {
    Trace() noexcept {
        if (std::FILE* file = std::fopen("was-loaded", "w")) {
            std::fclose(file);
        }
    }
};

const Trace trace;

}  // namespace
