// SPDX-License-Identifier: MIT
#include "dependency_plugin.h"

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/di/dependency_store.h>
#include <aiomisc/runtime/di/injectable.h>

namespace aiomisc::detail {

namespace {

Task<> prepare(ServiceList services) {
    DependencyStore& store = DependencyStore::global();
    co_await store.enter_session();  // not again for services that are started later
    for (const ServicePtr& service : services) {
        if (auto* target = dynamic_cast<Injectable*>(service.get())) {
            co_await store.inject(*target);
        }
    }
}

Task<> nothing() {
    co_return;
}

Task<> pre_start(const ServiceEvent& event) {
    return prepare({event.services.begin(), event.services.end()});
}

Task<> post_stop(const ServiceEvent& event) {
    // Some may be stopped while others go on, also when the program is closing.
    const bool is_last = event.entrypoint.is_closing() && event.entrypoint.services().empty();
    return is_last ? DependencyStore::global().exit_session() : nothing();
}

}  // namespace

void setup_dependency_injection() {
    receiver(Entrypoint::PRE_START(), &pre_start);
    receiver(Entrypoint::POST_STOP(), &post_stop);
}

}  // namespace aiomisc::detail
