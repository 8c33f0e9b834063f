// SPDX-License-Identifier: MIT
// A plugin: says when services start, in whatever program loads it.

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/app/plugins.h>

#include <cstdio>

namespace {

aiomisc::Task<> nothing() {
    co_return;
}

void setup() {
    std::puts("setup of greeting");
    aiomisc::receiver(aiomisc::Entrypoint::PRE_START(), [](const aiomisc::ServiceEvent& event) {
        std::printf("greeting: %zu services\n", event.services.size());
        return nothing();
    });
}

}  // namespace

AIOMISC_PLUGIN_MODULE("greeting", "Greets services.", setup)
