// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace aiomisc::cli {

// Parts of a path, as the placeholders of GNU parallel cut them: text alone, no file is looked at.

/// `{.}`: without the last extension, looked for behind the last `/` only. `.hidden` → empty.
std::string_view without_extension(std::string_view path) noexcept;

/// `{/}`: what is behind the last `/`. `x/` → empty.
std::string_view base_name(std::string_view path) noexcept;

/// `{//}`: the directory, as dirname(1) has it. `plain` → `.`, `x/` → `.`, `/x` → `/`.
std::string_view directory(std::string_view path) noexcept;

}  // namespace aiomisc::cli
