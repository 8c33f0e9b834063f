// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/record.h>

#include <cstddef>
#include <exception>
#include <string>
#include <vector>

namespace aiomisc::log::detail {

/// Records one after the other in one block of memory, with all they refer to: to keep one costs no
/// allocation once the block has grown.
class RecordQueue {
public:
    void push(const Record& record);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    [[nodiscard]] std::size_t bytes() const noexcept { return data_.size(); }

    /// Calls `visit(const Record&)` for each, in order.
    template <typename Visit>
    void for_each(Visit&& visit) {
        Reader reader(*this);
        for (std::size_t count = 0; count < size_; ++count) {
            visit(reader.next());
        }
    }

    /// Keeps the memory for the next records, if it is not more than `kept_bytes`.
    void clear(std::size_t kept_bytes);

private:
    /// Holds what a record read back refers to; one at a time.
    class Reader {
    public:
        explicit Reader(const RecordQueue& queue) : queue_(queue) {}

        const Record& next();

    private:
        template <typename Plain>
        Plain take();
        std::string_view take_text();
        void take_fields(std::vector<Field>& fields);

        const RecordQueue& queue_;
        std::size_t position_ = 0;
        Record record_;
        std::vector<std::string_view> arguments_;
        std::vector<Field> fields_;
        std::vector<Field> context_;
        std::vector<void*> backtrace_;
    };

    void put_record(const Record& record);
    template <typename Plain>
    void put(const Plain& value);
    void put_text(std::string_view text);
    void put_fields(std::span<const Field> fields);

    std::string data_;
    std::size_t size_ = 0;
    std::vector<std::exception_ptr> exceptions_;
};

}  // namespace aiomisc::log::detail
