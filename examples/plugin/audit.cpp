// SPDX-License-Identifier: MIT
// A plugin: tells which services start and stop, in whatever program loads it.
#include <aiomisc/aiomisc.h>

#include <cstdio>
#include <string>

namespace {

aiomisc::Task<> tell(std::string line) {
    std::puts(line.c_str());
    co_return;
}

std::string names_in(const aiomisc::ServiceEvent& event) {
    std::string names;
    for (const aiomisc::ServicePtr& service : event.services) {
        names += " " + service->name();
    }
    return names;
}

void setup() {
    using aiomisc::Entrypoint;
    using aiomisc::ServiceEvent;
    aiomisc::receiver(Entrypoint::PRE_START(), [](const ServiceEvent& event) {
        return tell("audit: starting" + names_in(event));
    });
    aiomisc::receiver(Entrypoint::POST_STOP(), [](const ServiceEvent& event) {
        return tell("audit: stopped" + names_in(event));
    });
}

}  // namespace

AIOMISC_PLUGIN_MODULE("audit", "Tells which services start and stop.", setup)
