// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/text/item_edit.h>

#include <string>
#include <vector>

namespace aiomisc::cli {

/// `{}`, `{2/.}`, `{#}` and their like.
struct Placeholder {
    enum class Value {
        kItem,      ///< one, or all of the job
        kSequence,  ///< number of the job
        kPaddedSequence,
        kSlot,
        kTotal,  ///< number of all jobs
    };

    Value value = Value::kItem;
    int position = 0;    ///< of the item, from 1, or from -1 at the end; 0 stands for all items
    ItemEdit edit{};     ///< what is made of each item
    unsigned width = 0;  ///< of kSlot: digits, filled up with zeros

    /// Whether it stands for as many values as the job has items.
    [[nodiscard]] bool takes_all_items() const noexcept {
        return value == Value::kItem && position == 0;
    }

    /// Whether JobInput::total must be known.
    [[nodiscard]] bool needs_total() const noexcept {
        return value == Value::kTotal || value == Value::kPaddedSequence;
    }

    friend bool operator==(const Placeholder&, const Placeholder&) = default;
};

/// The values it stands for: one for each item, or just one. A position that the job does not have
/// gives an empty string.
std::vector<std::string> expand(
    const Placeholder& placeholder, const JobInput& input, unsigned slot);

}  // namespace aiomisc::cli
