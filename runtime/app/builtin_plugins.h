// SPDX-License-Identifier: MIT
#pragma once

#include <span>

namespace aiomisc::detail {

struct BuiltinPlugin {
    const char* name;
    const char* doc;
    void (*setup)();
};

/// The plugins of the library itself. Defined by a later topic, which knows them: called by name,
/// so that a linker takes them from a static library.
std::span<const BuiltinPlugin> builtin_plugins() noexcept;

}  // namespace aiomisc::detail
