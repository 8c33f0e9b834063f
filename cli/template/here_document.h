// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// What `<<WORD` announces.
struct HereDocument {
    std::string delimiter;
    bool quoted = false;      ///< a part of WORD was: nothing is expanded in the body
    bool strip_tabs = false;  ///< `<<-`
    std::size_t length = 0;   ///< of the operator with its word

    /// `text` begins with `<<`.
    static HereDocument parse(std::string_view text);

    /// How long the body is that `text` begins with: up to the line with the delimiter, or all.
    [[nodiscard]] std::size_t body_length(std::string_view text) const;
};

}  // namespace aiomisc::cli
