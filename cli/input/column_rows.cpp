// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/column_rows.h>

#include <aiomisc/runtime/base/error.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include <poll.h>

namespace aiomisc::cli {
namespace {

void wait_until_readable(int fd) {
    pollfd poller{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&poller, 1, -1) < 0 && errno != EINTR) {
        throw SystemError::from_errno("poll", "the input");
    }
}

}  // namespace

ColumnRows::ColumnRows(
    std::unique_ptr<ItemSource> items, std::unique_ptr<ColumnSplitter> splitter, Trim trim)
    : items_(std::move(items)), splitter_(std::move(splitter)), trim_(trim) {}

void ColumnRows::read_header() {
    Row names;
    Pull pulled = next(names);
    for (; pulled == Pull::kWait; pulled = next(names)) {
        wait_until_readable(wait_fd());
    }
    names_ = std::move(names);
}

Pull ColumnRows::next(Row& row) {
    std::string item;
    const Pull pulled = items_->next(item);
    if (pulled == Pull::kItem) {
        row = split(item);
        fit(row);
    }
    return pulled;
}

Row ColumnRows::split(const std::string& item) const {
    Row row;
    try {
        row = splitter_->split(item);
    } catch (const Error& error) {
        throw Error(items_->where() + ": " + error.what());
    }
    for (std::string& column : row) {
        trim_item(column, trim_);
    }
    return row;
}

void ColumnRows::fit(Row& row) const {
    if (!names_) {
        return;
    }
    if (row.size() > names_->size()) {
        throw Error(fmt::format(
            "{}: there are {} columns, and the header has {}",
            items_->where(),
            row.size(),
            names_->size()));
    }
    row.resize(names_->size());
}

void ColumnRows::append_names(std::vector<std::string>& names) const {
    if (names_) {
        names.insert(names.end(), names_->begin(), names_->end());
    }
}

}  // namespace aiomisc::cli
