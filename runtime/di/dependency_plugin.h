// SPDX-License-Identifier: MIT
#pragma once

namespace aiomisc::detail {

/// The plugin `dependency_injection`: gives every Entrypoint a session of the global store.
void setup_dependency_injection();

}  // namespace aiomisc::detail
