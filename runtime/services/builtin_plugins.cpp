// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/builtin_plugins.h>

#include <aiomisc/runtime/di/dependency_plugin.h>
#include <aiomisc/runtime/services/sd_watchdog_service.h>

#include <array>

namespace aiomisc::detail {

std::span<const BuiltinPlugin> builtin_plugins() noexcept {
    static constexpr std::array kPlugins{
        BuiltinPlugin{
            "dependency_injection",
            "Gives services what providers make.",
            &setup_dependency_injection},
        BuiltinPlugin{
            "systemd_watchdog",
            "Adds SystemD watchdog support to the entrypoint.",
            &setup_systemd_watchdog},
    };
    return kPlugins;
}

}  // namespace aiomisc::detail
