// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/result_table.h>

#include <aiomisc/runtime/base/error.h>

#include <limits>
#include <utility>

#include <fmt/format.h>

#include <fcntl.h>

namespace aiomisc::cli {

ResultTable::ResultTable(
    std::string path,
    std::unique_ptr<TableFormat> format,
    const std::string& spill_directory,
    bool add)
    : format_(std::move(format)),
      file_(std::move(path), format_->row_end(), add),
      spill_directory_(spill_directory),
      spill_fd_(::open(spill_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!spill_fd_) {
        throw SystemError::from_errno("store output in", spill_directory_);
    }
}

void ResultTable::begin(const JobInput& input) {
    if (columns_) {
        check_width(input);
        return;
    }
    const std::size_t count = input.items.size();
    std::vector<std::string> names;
    names.reserve(count);
    for (std::size_t index = 0; index < count; ++index) {
        names.push_back(
            index < item_names_.size() ? item_names_[index] : "V" + std::to_string(index + 1));
    }
    const std::string header = format_->header(names);
    columns_ = header.empty() ? std::numeric_limits<std::size_t>::max() : count;
    if (file_.empty()) {
        file_.write(header);
        file_.end_row();
    } else if (!file_.begins_with(header)) {
        throw Error(
            "the table of results " + file_.path() +
            " has other columns than this run would add; name another file");
    }
}

void ResultTable::check_width(const JobInput& input) const {
    if (input.items.size() > *columns_) {
        throw Error(fmt::format(
            "job {} has {} items, and the table of results {} only {} for them, as many as its "
            "first job had; name a FILE.jsonl, or the columns in a header (--header :)",
            input.seq,
            input.items.size(),
            file_.path(),
            *columns_ == 1 ? "one column" : fmt::format("{} columns", *columns_)));
    }
}

KeptOutput ResultTable::keep() const {
    return {spill_fd_.get(), spill_directory_, 0600};
}

std::string ResultTable::commit(
    const JobInput&, const JobSpec& job, const JobResult& result, KeptOutput& kept) {
    try {
        const TableRow row{
            job, result, kept.file(OutputStream::kOut), kept.file(OutputStream::kErr)};
        format_->write(file_, row, columns_.value_or(job.items.size()));
        file_.end_row();
    } catch (...) {
        file_.drop_row();
        throw;
    }
    return {};
}

}  // namespace aiomisc::cli
