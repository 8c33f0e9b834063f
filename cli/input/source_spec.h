// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// One input source, as the command line names it.
struct SourceSpec {
    enum class Kind {
        kItems,  ///< ::: ITEM...
        kFile,   ///< :::: FILE, -a FILE, or stdin, whose path is "-"
    };

    Kind kind = Kind::kItems;
    std::vector<std::string> items;
    std::string path;
    bool linked = false;  ///< :::+ or ::::+: walks in step with the source before it

    friend bool operator==(const SourceSpec&, const SourceSpec&) = default;
};

enum class Trim { kNone, kLeft, kRight, kBoth };

/// How items are read, and how they are dealt out to jobs.
struct InputOptions {
    char delimiter = '\n';
    std::optional<std::string> end_item;  ///< -E: a source ends at this item
    Trim trim = Trim::kNone;
    bool drop_blank = false;     ///< -r
    bool link = false;           ///< --link: all sources row by row, the shorter ones repeat
    unsigned items_per_job = 1;  ///< 0: one row a job, and none of its items reaches the command
};

}  // namespace aiomisc::cli
