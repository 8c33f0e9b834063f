// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/iterator_options.h>

#include <aiomisc/runtime/base/environment.h>

namespace aiomisc::detail {

namespace {

constexpr std::size_t kDefaultSize = 1024;

}  // namespace

std::size_t iterator_size(const IteratorOptions& options) {
    if (options.max_size) {
        return *options.max_size;
    }
    return environment::number("THREADED_ITERABLE_DEFAULT_MAX_SIZE").value_or(kDefaultSize);
}

}  // namespace aiomisc::detail
