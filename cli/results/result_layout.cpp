// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/result_layout.h>

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/results/result_name.h>
#include <aiomisc/cli/source_cache/sha256.h>

#include <algorithm>
#include <utility>

namespace aiomisc::cli {
namespace {

/// A tree deeper than this could not be named by a path (PATH_MAX), which many items would make it.
constexpr std::size_t kLongestPath = 3072;

constexpr const char* kErrSuffix = ".err";
constexpr const char* kSeqSuffix = ".seq";
constexpr std::size_t kSuffixLength = 4;

ResultPlace in_folder(std::vector<std::string> folders) {
    return {.folders = std::move(folders), .out = "stdout", .err = "stderr", .seq = "seq"};
}

/// A name that ends as the files beside another one do would be one of them.
void escape_suffix(std::string& name) {
    if (name.ends_with(kErrSuffix) || name.ends_with(kSeqSuffix)) {
        name.insert(name.size() - kSuffixLength, 1, '\\');
    }
}

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> names;
    while (!path.empty()) {
        const std::string_view name = path.substr(0, path.find('/'));
        if (!name.empty() && name != ".") {
            names.emplace_back(name);
        }
        path.remove_prefix(std::min(name.size() + 1, path.size()));
    }
    return names;
}

}  // namespace

ResultLayout::ResultLayout(std::string_view text, const PlaceholderSet& placeholders) {
    const TextTemplate filled_in(text, placeholders);
    if (!filled_in.has_placeholder()) {
        root_ = text;
        return;
    }
    // The folders that are the same for all jobs are the user's own choice, even `..`; from there
    // on items may be part of the path.
    const std::string_view fixed = filled_in.leading_text();
    const std::size_t root_end = fixed.rfind('/') + 1;  // 0 if there is none
    root_ = root_end == 0 ? "." : std::string(fixed.substr(0, root_end));
    template_.emplace(text.substr(root_end), placeholders);
    const std::vector<std::string> names =
        split_path(template_->fill({}, 1, [](std::string_view) { return std::string("x"); }));
    if (std::find(names.begin(), names.end(), "..") != names.end()) {
        throw UsageError("--results: '..' may not stand behind a placeholder");
    }
}

ResultLayout ResultLayout::temporary(std::string directory, std::string_view run_id) {
    ResultLayout layout;
    layout.root_ = std::move(directory);
    layout.temporary_prefix_ = "aiomisc-run-" + std::string(run_id) + "-";
    return layout;
}

ResultPlace ResultLayout::place_of(const JobInput& input, unsigned slot) {
    if (!temporary_prefix_.empty()) {
        return {
            .folders = {},
            .out = temporary_prefix_ + std::to_string(input.seq),
            .err = {},
            .seq = {}};
    }
    if (!template_) {
        return place_in_tree(input.items);
    }
    ResultPlace place = place_by_template(input, slot);
    several_ = several_ || input.items.size() > 1;  // `a b` may be one item, or two
    place.distinct = !several_ && template_->has_only_whole_item();
    return place;
}

ResultPlace ResultLayout::place_in_tree(const std::vector<std::string>& items) const {
    std::vector<std::string> folders;
    std::size_t length = 0;
    for (std::size_t index = 0; index < items.size(); ++index) {
        folders.push_back(
            index < item_names_.size() ? fit_name(escape_name(item_names_[index]), kLongestName)
                                       : std::to_string(index + 1));
        folders.push_back(fit_name(escape_name(items[index]), kLongestName));
        length += folders[2 * index].size() + folders[2 * index + 1].size() + 2;
    }
    if (length > kLongestPath) {
        Sha256 sum;
        std::for_each(items.begin(), items.end(), [&sum](const auto& item) { sum.add(item); });
        folders = {"\\#" + sum.hex()};
    }
    return in_folder(std::move(folders));
}

ResultPlace ResultLayout::place_by_template(const JobInput& input, unsigned slot) const {
    const std::string path = template_->fill(input, slot, escape_name);
    std::vector<std::string> names = split_path(path);
    const bool folder = path.ends_with('/');
    if (!folder) {
        escape_suffix(names.back());
    }
    for (std::string& name : names) {
        const bool is_file = !folder && &name == &names.back();
        name = fit_name(std::move(name), kLongestName - (is_file ? kSuffixLength : 0));
    }
    if (folder) {
        return in_folder(std::move(names));
    }
    const std::string file = names.back();
    names.pop_back();
    return {
        .folders = std::move(names),
        .out = file,
        .err = file + kErrSuffix,
        .seq = file + kSeqSuffix};
}

}  // namespace aiomisc::cli
