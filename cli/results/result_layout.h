// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/job/job.h>
#include <aiomisc/cli/template/text_template.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aiomisc::cli {

/// Where the files of one job go, below the root of all.
struct ResultPlace {
    std::vector<std::string> folders;
    std::string out;
    std::string err;  ///< empty: not kept
    std::string seq;  ///< empty: not kept

    /// Jobs with other items have other places. Without it nobody can tell from one job: `a`, `b-c`
    /// and `a-b`, `c` are both `a-b-c` in `{1}-{2}`, and `x/a` and `y/a` both `a` in `{/}`.
    bool distinct = true;
};

/// Which files the jobs of a run get: GNU parallel's layouts.
///
///     DIR          DIR/1/ITEM/2/ITEM/{stdout,stderr,seq}
///     out/{1}-{2}  out/A-B, out/A-B.err, out/A-B.seq
///     out/{}/      out/A/{stdout,stderr,seq}
///
/// In the second, a name that ends in `.err` itself becomes `\.err`, lest it be another job's.
///
/// Whatever the items are, every place is below root(), and different items have different names
/// (see ResultPlace::distinct for what a template makes of them).
class ResultLayout {
public:
    /// Errors:    UsageError (`..` behind a placeholder; see PlaceholderSet::match()).
    ResultLayout(std::string_view text, const PlaceholderSet& placeholders);

    /// For --files alone: `aiomisc-run-RUN-SEQ` in `directory`.
    static ResultLayout temporary(std::string directory, std::string_view run_id);

    /// Names of the items by position (--header), which stand in a tree where 1, 2, … would.
    void name_items(std::vector<std::string> names) { item_names_ = std::move(names); }

    [[nodiscard]] const std::string& root() const noexcept { return root_; }

    [[nodiscard]] ResultPlace place_of(const JobInput& input, unsigned slot);

private:
    ResultLayout() = default;

    [[nodiscard]] ResultPlace place_in_tree(const std::vector<std::string>& items) const;
    [[nodiscard]] ResultPlace place_by_template(const JobInput& input, unsigned slot) const;

    std::string root_;
    std::optional<TextTemplate> template_;  ///< of what stands below the root
    std::string temporary_prefix_;
    std::vector<std::string> item_names_;
    bool several_ = false;  ///< some job had more than one item
};

}  // namespace aiomisc::cli
