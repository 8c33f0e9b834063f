// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
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

/// How an item is cut into columns, each of which is an item of its own then.
struct ColumnOptions {
    std::optional<std::string> separator;  ///< --colsep: an expression, with csv a character
    bool csv = false;
    bool header = false;  ///< the first item of each source names its columns
};

/// How items are read, and how they are dealt out to jobs.
struct InputOptions {
    char delimiter = '\n';
    std::optional<std::string> end_item;  ///< -E: a source ends at this item
    std::optional<Trim> trim;             ///< --trim; by itself kBoth with --colsep, else kNone
    ColumnOptions columns;
    bool drop_blank = false;  ///< -r
    bool link = false;        ///< --link: all sources row by row, the shorter ones repeat
    std::optional<std::uint64_t> shuffle_seed;  ///< --shuf: the order of the jobs
    bool seed_drawn = false;  ///< it was not given, and is another one the next time
    /// 0: one row a job, and none of its items reaches the command. By itself 1, with `fill` as
    /// many as there is room for.
    std::optional<unsigned> items_per_job;
    bool fill = false;  ///< -X
};

}  // namespace aiomisc::cli
