// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/job_inputs.h>

#include <aiomisc/cli/input/file_source.h>
#include <aiomisc/cli/options/usage_error.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace aiomisc::cli {
namespace {

std::unique_ptr<ItemSource> open_source(const SourceSpec& spec, const InputOptions& options) {
    std::unique_ptr<ItemSource> source;
    if (spec.kind == SourceSpec::Kind::kItems) {
        source = std::make_unique<ListSource>(spec.items);
    } else {
        source = FileSource::open(spec.path, options.delimiter);
    }
    if (!options.end_item && options.trim == Trim::kNone && !options.drop_blank) {
        return source;
    }
    return std::make_unique<FilteredSource>(std::move(source), options);
}

void check_stdin_used_once(const std::vector<SourceSpec>& sources) {
    const auto readers = std::count_if(sources.begin(), sources.end(), [](const SourceSpec& spec) {
        return spec.kind == SourceSpec::Kind::kFile && spec.path == "-";
    });
    if (readers > 1) {
        throw UsageError("standard input ('-') can be only one of the sources");
    }
}

// Neighbours joined by `:::+` become one source of rows; with --link all are joined anyway, and
// none ends another.
std::vector<std::unique_ptr<RowSource>> open_groups(
    const std::vector<SourceSpec>& sources, const InputOptions& options) {
    std::vector<std::unique_ptr<RowSource>> groups;
    std::vector<std::unique_ptr<ItemSource>> members;
    for (const SourceSpec& spec : sources) {
        if ((!spec.linked || options.link) && !members.empty()) {
            groups.push_back(std::make_unique<LinkedRows>(std::exchange(members, {})));
        }
        members.push_back(open_source(spec, options));
    }
    groups.push_back(std::make_unique<LinkedRows>(std::move(members)));
    return groups;
}

}  // namespace

JobInputs JobInputs::open(const std::vector<SourceSpec>& sources, const InputOptions& options) {
    if (sources.empty()) {
        return open({SourceSpec{.kind = SourceSpec::Kind::kFile, .path = "-"}}, options);
    }
    check_stdin_used_once(sources);
    auto groups = open_groups(sources, options);
    if (groups.size() == 1) {
        return JobInputs(std::move(groups.front()), options);
    }
    if (options.link) {
        return JobInputs(std::make_unique<CycledRows>(std::move(groups)), options);
    }
    auto first = std::move(groups.front());
    groups.erase(groups.begin());
    return JobInputs(std::make_unique<ProductRows>(std::move(first), std::move(groups)), options);
}

JobInputs::JobInputs(std::unique_ptr<RowSource> rows, const InputOptions& options)
    : rows_(std::move(rows)),
      rows_per_job_(std::max(options.items_per_job, 1U)),
      without_items_(options.items_per_job == 0) {}

Pull JobInputs::next(JobInput& input) {
    while (!ended_ && gathered_rows_ < rows_per_job_) {
        const Pull pulled = pull_row();
        if (pulled == Pull::kWait) {
            return Pull::kWait;
        }
        ended_ = pulled == Pull::kEnd;
    }
    if (gathered_rows_ == 0) {
        return Pull::kEnd;
    }
    gathered_rows_ = 0;
    input.seq = ++seq_;
    input.items = std::exchange(items_, {});
    if (without_items_) {
        input.items.clear();
    }
    return Pull::kItem;
}

Pull JobInputs::pull_row() {
    Row row;
    const Pull pulled = rows_->next(row);
    if (pulled != Pull::kItem) {
        return pulled;
    }
    std::move(row.begin(), row.end(), std::back_inserter(items_));
    ++gathered_rows_;
    return Pull::kItem;
}

bool JobInputs::many_items() const noexcept {
    return !without_items_ && (rows_per_job_ > 1 || rows_->width() > 1);
}

}  // namespace aiomisc::cli
