// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/source_spec.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace aiomisc::cli {

/// The answer of everything that is pulled from in the input.
enum class Pull {
    kItem,  ///< here is one
    kWait,  ///< nothing yet: ask again when wait_fd() is readable
    kEnd,   ///< there will be no more
};

/// Gives items one by one, never more than are asked for.
class ItemSource {
public:
    ItemSource() = default;
    ItemSource(const ItemSource&) = delete;
    ItemSource& operator=(const ItemSource&) = delete;
    virtual ~ItemSource() = default;

    /// Never blocks. `item` is set only with kItem.
    ///
    /// Errors:    SystemError (reading failed), Error (an item is too long).
    virtual Pull next(std::string& item) = 0;

    /// Where the last item stands, for messages: "list.csv: line 3".
    [[nodiscard]] virtual std::string where() const = 0;

    /// The descriptor to watch after kWait; -1 when the source never waits.
    [[nodiscard]] virtual int wait_fd() const noexcept { return -1; }
};

/// Items of the command line.
class ListSource final : public ItemSource {
public:
    explicit ListSource(std::vector<std::string> items) : items_(std::move(items)) {}

    Pull next(std::string& item) override;

    [[nodiscard]] std::string where() const override;

private:
    std::vector<std::string> items_;
    std::size_t at_ = 0;
};

/// Applies -E, -r and --trim to another source.
class FilteredSource final : public ItemSource {
public:
    FilteredSource(std::unique_ptr<ItemSource> source, const InputOptions& options, Trim trim)
        : source_(std::move(source)),
          end_item_(options.end_item),
          drop_blank_(options.drop_blank),
          trim_(trim) {}

    Pull next(std::string& item) override;

    [[nodiscard]] std::string where() const override { return source_->where(); }

    [[nodiscard]] int wait_fd() const noexcept override { return source_->wait_fd(); }

private:
    std::unique_ptr<ItemSource> source_;
    std::optional<std::string> end_item_;
    bool drop_blank_;
    Trim trim_;
    bool ended_ = false;
};

void trim_item(std::string& item, Trim trim);

}  // namespace aiomisc::cli
