// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace aiomisc::cli {

/// Items that belong together: the columns of a line, or one item from every source.
using Row = std::vector<std::string>;

}  // namespace aiomisc::cli
