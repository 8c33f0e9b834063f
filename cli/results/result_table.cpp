// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/result_table.h>

#include <aiomisc/runtime/base/error.h>

#include <utility>

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
    if (items_) {
        return;
    }
    items_ = input.items.size();
    std::vector<std::string> names;
    names.reserve(*items_);
    for (std::size_t index = 0; index < *items_; ++index) {
        names.push_back(
            index < item_names_.size() ? item_names_[index] : "V" + std::to_string(index + 1));
    }
    const std::string header = format_->header(names);
    if (file_.empty()) {
        file_.write(header);
        file_.end_row();
    } else if (!file_.begins_with(header)) {
        throw Error(
            "the table of results " + file_.path() +
            " has other columns than this run would add; name another file");
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
        format_->write(file_, row, items_.value_or(job.items.size()));
        file_.end_row();
    } catch (...) {
        file_.drop_row();
        throw;
    }
    return {};
}

}  // namespace aiomisc::cli
