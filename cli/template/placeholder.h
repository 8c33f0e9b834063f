// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// `{}`, `{2/.}`, `{#}` and their like.
struct Placeholder {
    enum class Part { kWhole, kNoExtension, kBase, kDirectory, kBaseNoExtension, kSequence, kSlot };

    Part part = Part::kWhole;
    int position = 0;  ///< of the item, from 1, or from -1 at the end; 0 stands for all items

    /// Whether it stands for as many values as the job has items.
    [[nodiscard]] bool takes_all_items() const noexcept {
        return position == 0 && part != Part::kSequence && part != Part::kSlot;
    }

    friend bool operator==(const Placeholder&, const Placeholder&) = default;
};

/// The placeholder at the front of `text`, and how long it is.
struct PlaceholderMatch {
    Placeholder placeholder;
    std::size_t length = 0;
};

/// `whole` is the spelling of `{}`, which -I changes.
std::optional<PlaceholderMatch> match_placeholder(std::string_view text, std::string_view whole);

/// The values it stands for: one for each item, or just one. A position that the job does not have
/// gives an empty string.
std::vector<std::string> expand(
    const Placeholder& placeholder, const JobInput& input, unsigned slot);

}  // namespace aiomisc::cli
