// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/job_inputs.h>

#include <aiomisc/cli/input/column_rows.h>
#include <aiomisc/cli/input/column_splitter.h>
#include <aiomisc/cli/input/csv_scanner.h>
#include <aiomisc/cli/input/file_source.h>
#include <aiomisc/cli/options/usage_error.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace aiomisc::cli {
namespace {

/// A run can be stopped between so many.
constexpr std::size_t kCollectedAtOnce = 4096;

std::unique_ptr<ItemSource> open_items(const SourceSpec& spec, const InputOptions& options) {
    if (spec.kind == SourceSpec::Kind::kItems) {
        return std::make_unique<ListSource>(spec.items);
    }
    std::optional<CsvScanner> csv;
    if (options.columns.csv) {
        csv.emplace(csv_separator(options.columns), options.delimiter);
    }
    return FileSource::open(spec.path, options.delimiter, csv);
}

std::unique_ptr<RowSource> open_source(const SourceSpec& spec, const InputOptions& options) {
    std::unique_ptr<ItemSource> items = open_items(spec, options);
    std::unique_ptr<ColumnSplitter> columns = ColumnSplitter::make(options.columns);
    const bool by_expression = options.columns.separator && !options.columns.csv;
    const Trim trim = options.trim.value_or(by_expression ? Trim::kBoth : Trim::kNone);
    // It is the columns that are trimmed.
    const Trim item_trim = columns ? Trim::kNone : trim;
    if (options.end_item || item_trim != Trim::kNone || options.drop_blank) {
        items = std::make_unique<FilteredSource>(std::move(items), options, item_trim);
    }
    if (!columns) {
        return std::make_unique<ItemRows>(std::move(items));
    }
    auto rows = std::make_unique<ColumnRows>(std::move(items), std::move(columns), trim);
    if (options.columns.header) {
        rows->read_header();
    }
    return rows;
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
    std::vector<std::unique_ptr<RowSource>> members;
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
      rows_per_job_(std::max(options.items_per_job.value_or(1), 1U)),
      without_items_(options.items_per_job == 0U),
      seed_(options.shuffle_seed) {
    if (options.fill && !without_items_) {
        filler_.emplace(options.items_per_job);
    }
    if (seed_) {
        collected_.emplace();
    }
}

Pull JobInputs::next(JobInput& input) {
    if (collected_) {
        if (collect() == Pull::kWait) {
            return Pull::kWait;
        }
        if (!collected_->next(input)) {
            return Pull::kEnd;
        }
    } else if (const Pull pulled = deal(input); pulled != Pull::kItem) {
        return pulled;
    }
    input.seq = ++seq_;
    input.total = total_;
    return Pull::kItem;
}

Pull JobInputs::collect() {
    collecting_ = false;
    for (std::size_t count = 0; !collected_->is_complete(); ++count) {
        if (count == kCollectedAtOnce) {
            collecting_ = true;
            return Pull::kWait;
        }
        JobInput input;
        switch (deal(input)) {
            case Pull::kItem:
                collected_->add(std::move(input));
                break;
            case Pull::kWait:
                return Pull::kWait;
            case Pull::kEnd:
                collected_->complete();
                if (seed_) {
                    collected_->shuffle(*seed_);
                }
                total_ = collected_->count();
                break;
        }
    }
    return Pull::kEnd;
}

Pull JobInputs::deal(JobInput& input) {
    const Pull pulled = filler_ ? filler_->next(*rows_, items_) : gather();
    if (pulled == Pull::kItem) {
        input.items = std::exchange(items_, {});
        if (without_items_) {
            input.items.clear();
        }
    }
    return pulled;
}

Pull JobInputs::gather() {
    while (!ended_ && gathered_rows_ < rows_per_job_) {
        const Pull pulled = pull_row();
        if (pulled == Pull::kWait) {
            return Pull::kWait;
        }
        ended_ = pulled == Pull::kEnd;
    }
    return std::exchange(gathered_rows_, 0) == 0 ? Pull::kEnd : Pull::kItem;
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

InputShape JobInputs::shape() const {
    InputShape shape;
    shape.many_items = !without_items_ && (filler_ || rows_per_job_ > 1 || rows_->width() != 1);
    if (!without_items_ && !filler_) {
        shape.most_items = rows_->width() * rows_per_job_;
    }
    rows_->append_names(shape.columns);
    return shape;
}

void JobInputs::set_room(JobRoom room) {
    if (filler_) {
        filler_->set_room(std::move(room));
    }
}

void JobInputs::provide_total(std::optional<std::uint64_t> known) {
    if (known) {
        total_ = *known;
    } else if (!collected_) {
        collected_.emplace();
    }
}

std::optional<std::uint64_t> JobInputs::total() const noexcept {
    return collected_ && collected_->is_complete() ? std::optional(collected_->count())
                                                   : std::nullopt;
}

}  // namespace aiomisc::cli
