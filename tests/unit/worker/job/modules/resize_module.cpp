// SPDX-License-Identifier: MIT
// A job module like a user's: it tells in its environment when code of it runs.
#include <aiomisc/worker/job/job.h>

#include <cstdlib>
#include <filesystem>

namespace {

const int kLoaded = ::setenv("AIOMISC_TEST_MODULE_LOADED", "1", 1);

int resize(const std::filesystem::path& src, int size) {
    if (src == "missing") {
        throw std::runtime_error("missing: no such file");
    }
    return size;
}

}  // namespace

AIOMISC_JOB(
    resize,
    about("Resizes a picture."),
    param("src", "the picture"),
    param("size", "longest side in pixels") = 40)
