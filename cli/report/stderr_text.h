// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace aiomisc::cli {

/// Whether stderr takes bytes at once, or fails at once. Signal handlers may ask, too.
///
/// It is never made non-blocking instead: its other holders, the shell among them, would find it
/// so.
bool stderr_is_ready() noexcept;

/// Writes it all, however long that takes. What cannot be written is lost: there is nowhere to say
/// so.
void write_to_stderr(std::string_view text);

/// Writes as much as stderr takes at once, and returns how much that was. For what may be left out:
/// a reader that has stopped reading is not to stop the run.
std::size_t offer_to_stderr(std::string_view text);

}  // namespace aiomisc::cli
