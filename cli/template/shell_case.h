// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace aiomisc::cli {

/// Whether the `case` of `case … in … esac` stands at `at`, where a word begins. Until its `esac`,
/// a
/// `)` that nothing opened ends a pattern, not what is around it.
bool opens_case(std::string_view text, std::size_t at);

/// Whether its `esac` does. Only where one is open.
bool closes_case(std::string_view text, std::size_t at);

}  // namespace aiomisc::cli
