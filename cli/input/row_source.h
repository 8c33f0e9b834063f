// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/item_source.h>
#include <aiomisc/cli/input/row.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// Gives rows one by one. kWait keeps what was gathered so far; the next call goes on from there.
class RowSource {
public:
    RowSource() = default;
    RowSource(const RowSource&) = delete;
    RowSource& operator=(const RowSource&) = delete;
    virtual ~RowSource() = default;

    /// Never blocks. `row` is set only with Pull::kItem.
    virtual Pull next(Row& row) = 0;

    [[nodiscard]] virtual int wait_fd() const noexcept = 0;

    /// Items in each row; 0 if that may differ from row to row.
    [[nodiscard]] virtual std::size_t width() const noexcept = 0;

    /// Adds the names of its columns: as many as the rows are wide, or none if they have no names.
    virtual void append_names(std::vector<std::string>& names) const = 0;
};

/// The items of a source, each a row.
class ItemRows final : public RowSource {
public:
    explicit ItemRows(std::unique_ptr<ItemSource> items) : items_(std::move(items)) {}

    Pull next(Row& row) override;

    [[nodiscard]] int wait_fd() const noexcept override { return items_->wait_fd(); }

    [[nodiscard]] std::size_t width() const noexcept override { return 1; }

    void append_names(std::vector<std::string>&) const override {}

private:
    std::unique_ptr<ItemSource> items_;
};

/// Sources joined by `:::+`: they walk in step and stop with the shortest.
class LinkedRows final : public RowSource {
public:
    explicit LinkedRows(std::vector<std::unique_ptr<RowSource>> members);

    Pull next(Row& row) override;
    [[nodiscard]] int wait_fd() const noexcept override;
    [[nodiscard]] std::size_t width() const noexcept override;
    void append_names(std::vector<std::string>& names) const override;

private:
    std::vector<std::unique_ptr<RowSource>> members_;
    std::size_t level_ = 0;  // the member it goes on with
    Row partial_;
    bool ended_ = false;
};

/// A source that remembers what it gave, so that it can be walked again.
class ReplayedRows {
public:
    explicit ReplayedRows(std::unique_ptr<RowSource> source) : source_(std::move(source)) {}

    /// The row at `position`, which is at most one beyond what was seen. kEnd when there is none.
    Pull at(std::size_t position, const Row*& row);

    [[nodiscard]] bool ended() const noexcept { return ended_; }

    [[nodiscard]] std::size_t seen() const noexcept { return rows_.size(); }

    [[nodiscard]] const RowSource& source() const noexcept { return *source_; }

private:
    std::unique_ptr<RowSource> source_;
    std::vector<Row> rows_;
    bool ended_ = false;
};

/// Every combination; the last source varies fastest.
///
/// The first source streams and is never kept. The others are read as far as the first walk over
/// them has come, and kept for the walks after it.
class ProductRows final : public RowSource {
public:
    ProductRows(std::unique_ptr<RowSource> first, std::vector<std::unique_ptr<RowSource>> others);

    Pull next(Row& row) override;
    [[nodiscard]] int wait_fd() const noexcept override;
    [[nodiscard]] std::size_t width() const noexcept override;
    void append_names(std::vector<std::string>& names) const override;

private:
    struct Axis {
        ReplayedRows rows;
        std::size_t position = 0;
        const Row* current = nullptr;
    };

    Pull step(std::size_t level);

    std::unique_ptr<RowSource> first_;
    Row first_row_;
    std::vector<Axis> axes_;
    std::size_t level_ = 0;  // 0 is first_, n is axes_[n - 1]
};

/// `--link`: all sources row by row, until the longest ends; shorter ones start again. Where one
/// has no items there are no rows.
class CycledRows final : public RowSource {
public:
    explicit CycledRows(std::vector<std::unique_ptr<RowSource>> sources);

    Pull next(Row& row) override;
    [[nodiscard]] int wait_fd() const noexcept override;
    [[nodiscard]] std::size_t width() const noexcept override;
    void append_names(std::vector<std::string>& names) const override;

private:
    Pull gather();

    std::vector<ReplayedRows> axes_;
    std::size_t number_ = 0;  // of the row being gathered
    std::size_t level_ = 0;   // the axis it goes on with
    bool fresh_ = false;      // some source gave an item it had not given before
    Row partial_;
};

}  // namespace aiomisc::cli
