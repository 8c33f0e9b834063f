// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

namespace aiomisc::log {

/// What to write around log lines, for a program that draws something of its own on the same
/// terminal, like a progress bar.
///
///     log::set_line_hook({.before = [] { return std::string("\r\033[K"); },   // wipe the bar
///                         .after = [&bar] { return bar.text(); }});           // draw it again
///
/// Both texts and the lines between them go out in one write.
struct LineHook {
    std::function<std::string()> before{};
    std::function<std::string()> after{};
};

/// Sets the hook of the streams of this process (stderr, stdout, Config::stream); an empty one
/// takes it away. Once it returns, the previous hook is not called any more. A hook must not log.
/// Forked children have none.
///
/// Affinity:  any thread; the hook is called by the thread that writes.
void set_line_hook(LineHook hook);

}  // namespace aiomisc::log
