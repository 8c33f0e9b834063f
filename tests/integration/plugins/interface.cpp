// SPDX-License-Identifier: MIT
// Shared objects that are no plugins, each for another reason. None of their functions may be
// called.

#include <cstdint>
#include <cstdio>

#ifndef AIOMISC_TEST_ABI
#define AIOMISC_TEST_ABI 1
#endif

#ifdef AIOMISC_TEST_UNRESOLVED
extern "C" void nobody_defines_this();
#endif

extern "C" {

#ifndef AIOMISC_TEST_STRANGER
std::uint32_t aiomisc_plugin_abi() {
    return AIOMISC_TEST_ABI;
}
#endif

#ifndef AIOMISC_TEST_NAMELESS
const char* aiomisc_plugin_name() {
    std::puts("its name was asked for");
    return "interface";
}
#endif

const char* aiomisc_plugin_doc() {
    return "";
}

void aiomisc_plugin_setup() {
    std::puts("its setup was called");
#ifdef AIOMISC_TEST_UNRESOLVED
    nobody_defines_this();
#endif
}

}  // extern "C"
