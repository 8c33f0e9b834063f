// SPDX-License-Identifier: MIT
// A plugin whose setup fails.

#include <aiomisc/runtime/app/plugins.h>

#include <cstdio>
#include <stdexcept>

namespace {

void setup() {
    std::puts("setup of thrower");
    throw std::runtime_error("no license");
}

}  // namespace

AIOMISC_PLUGIN_MODULE("thrower", "Fails.", setup)
