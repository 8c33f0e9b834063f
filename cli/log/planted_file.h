// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <sys/stat.h>

namespace aiomisc::cli {

/// Whether another user owns this file of a directory like /tmp, and could have made it there for
/// us to lose or give away what we write. `file` is the state of what was opened.
bool is_planted(const std::string& path, const struct stat& file);

}  // namespace aiomisc::cli
