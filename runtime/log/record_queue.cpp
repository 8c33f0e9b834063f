// SPDX-License-Identifier: MIT
#include "record_queue.h"

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace aiomisc::log::detail {

namespace {

constexpr std::uint32_t kNoException = UINT32_MAX;

/// What of a record has a fixed size; the texts follow it.
struct Header {
    Level level = Level::kInfo;
    pid_t thread_id = 0;
    std::chrono::system_clock::time_point time;
    std::source_location location;
    std::uint32_t exception = kNoException;
};

}  // namespace

template <typename Plain>
void RecordQueue::put(const Plain& value) {
    static_assert(std::is_trivially_copyable_v<Plain>);
    data_.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void RecordQueue::put_text(std::string_view text) {
    put(text.size());
    data_.append(text);
}

void RecordQueue::put_fields(std::span<const Field> fields) {
    put(fields.size());
    for (const Field& field : fields) {
        put_text(field.key);
        put(field.value.index());
        std::visit(
            [this](const auto& value) {
                if constexpr (std::is_same_v<decltype(value), const std::string_view&>) {
                    put_text(value);
                } else {
                    put(value);
                }
            },
            field.value);
    }
}

void RecordQueue::push(const Record& record) {
    const std::size_t end = data_.size();
    try {
        put_record(record);
    } catch (...) {
        data_.resize(end);  // half a record could not be read back
        throw;
    }
    ++size_;
}

void RecordQueue::put_record(const Record& record) {
    std::uint32_t exception = kNoException;
    if (record.exception) {
        exception = static_cast<std::uint32_t>(exceptions_.size());
        exceptions_.push_back(record.exception);
    }
    put(Header{
        .level = record.level,
        .thread_id = record.thread_id,
        .time = record.time,
        .location = record.location,
        .exception = exception});
    put_text(record.logger);
    put_text(record.message);
    put_text(record.format);
    put_text(record.thread_name);
    put(record.arguments.size());
    for (const std::string_view argument : record.arguments) {
        put_text(argument);
    }
    put_fields(record.fields);
    put_fields(record.context);
    put(record.backtrace.size());
    for (void* address : record.backtrace) {
        put(address);
    }
}

void RecordQueue::clear(std::size_t kept_bytes) {
    data_.clear();
    if (data_.capacity() > kept_bytes) {
        data_.shrink_to_fit();
    }
    exceptions_.clear();
    size_ = 0;
}

template <typename Plain>
Plain RecordQueue::Reader::take() {
    Plain value{};
    std::memcpy(static_cast<void*>(&value), queue_.data_.data() + position_, sizeof value);
    position_ += sizeof value;
    return value;
}

std::string_view RecordQueue::Reader::take_text() {
    const auto size = take<std::size_t>();
    const std::string_view text(queue_.data_.data() + position_, size);
    position_ += size;
    return text;
}

void RecordQueue::Reader::take_fields(std::vector<Field>& fields) {
    fields.resize(take<std::size_t>());
    for (Field& field : fields) {
        field.key = take_text();
        switch (take<std::size_t>()) {
            case 0:
                field.value = take<std::nullptr_t>();
                break;
            case 1:
                field.value = take<bool>();
                break;
            case 2:
                field.value = take<std::int64_t>();
                break;
            case 3:
                field.value = take<std::uint64_t>();
                break;
            case 4:
                field.value = take<double>();
                break;
            default:
                field.value = take_text();
        }
    }
}

const Record& RecordQueue::Reader::next() {
    const auto header = take<Header>();
    record_.level = header.level;
    record_.thread_id = header.thread_id;
    record_.time = header.time;
    record_.location = header.location;
    record_.exception =
        header.exception == kNoException ? nullptr : queue_.exceptions_[header.exception];
    record_.logger = take_text();
    record_.message = take_text();
    record_.format = take_text();
    record_.thread_name = take_text();
    arguments_.resize(take<std::size_t>());
    for (std::string_view& argument : arguments_) {
        argument = take_text();
    }
    take_fields(fields_);
    take_fields(context_);
    backtrace_.resize(take<std::size_t>());
    for (void*& address : backtrace_) {
        address = take<void*>();
    }
    record_.arguments = arguments_;
    record_.fields = fields_;
    record_.context = context_;
    record_.backtrace = backtrace_;
    return record_;
}

}  // namespace aiomisc::log::detail
