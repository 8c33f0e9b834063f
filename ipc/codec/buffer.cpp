// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/codec/buffer.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>

namespace aiomisc::ipc {

namespace {

/// Large arguments come and go one after the other. glibc gives their memory back to the kernel
/// each time, and getting it again costs more than the rest of the call: the last such block is
/// kept, one for each thread, and never more than kLargest bytes.
class Spare {
public:
    static constexpr std::size_t kSmallest = std::size_t{128} << 10;
    static constexpr std::size_t kLargest = std::size_t{32} << 20;

    Spare() = default;
    Spare(const Spare&) = delete;
    Spare& operator=(const Spare&) = delete;

    ~Spare() { std::free(memory_); }

    /// The block, if it has at least `size` bytes and not far too many; else null.
    void* take(std::size_t size) noexcept {
        return size >= kSmallest && size <= size_ && size >= size_ / 4 ? hand_over() : nullptr;
    }

    void give(void* memory, std::size_t size) noexcept {
        if (size < kSmallest || size > kLargest) {
            std::free(memory);
            return;
        }
        std::free(hand_over());
        memory_ = memory;
        size_ = size;
    }

private:
    void* hand_over() noexcept {
        size_ = 0;
        return std::exchange(memory_, nullptr);
    }

    void* memory_ = nullptr;
    std::size_t size_ = 0;
};

thread_local Spare spare;

}  // namespace

PayloadTooLarge::PayloadTooLarge(std::size_t limit)
    : EncodeError("encoded size exceeds the limit of " + std::to_string(limit) + " bytes"),
      limit_(limit) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
    if (this != &other) {
        if (!is_inline()) {
            release();
        }
        begin_ = cursor_ = inline_;
        max_size_ = other.max_size_;
        end_ = begin_ + std::min(max_size_, kInlineBytes);
        take(other);
    }
    return *this;
}

void Buffer::take(Buffer& other) noexcept {
    if (other.is_inline()) {
        std::memcpy(inline_, other.inline_, other.size());
        cursor_ = inline_ + other.size();
        other.cursor_ = other.begin_;
        return;
    }
    begin_ = std::exchange(other.begin_, other.inline_);
    cursor_ = std::exchange(other.cursor_, other.inline_);
    end_ = std::exchange(other.end_, other.inline_ + std::min(other.max_size_, kInlineBytes));
}

void Buffer::release() noexcept {
    spare.give(begin_, capacity());
}

std::byte* Buffer::extend(std::size_t size) {
    if (size > room()) {
        grow(size);
    }
    return std::exchange(cursor_, cursor_ + size);
}

void Buffer::reserve(std::size_t size) {
    if (size > capacity()) {
        grow(size - this->size());
    }
}

void Buffer::truncate(std::size_t size) noexcept {
    cursor_ = begin_ + std::min(size, this->size());
}

void Buffer::overflow(const void* data, std::size_t size) {
    grow(size);
    std::memcpy(std::exchange(cursor_, cursor_ + size), data, size);
}

void Buffer::grow(std::size_t size) {
    const std::size_t used = this->size();
    if (size > max_size_ - used) {
        throw PayloadTooLarge(max_size_);
    }
    const std::size_t doubled = capacity() > max_size_ / 2 ? max_size_ : capacity() * 2;
    const std::size_t wanted = std::max(used + size, doubled);
    // realloc() moves large blocks by remapping pages instead of copying them; new[] cannot.
    void* memory = is_inline() ? spare.take(wanted) : nullptr;
    if (memory == nullptr) {
        memory = std::realloc(is_inline() ? nullptr : begin_, wanted);
    }
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    if (is_inline()) {
        std::memcpy(memory, inline_, used);
    }
    begin_ = static_cast<std::byte*>(memory);
    cursor_ = begin_ + used;
    end_ = begin_ + wanted;
}

void FixedArea::overflow(const void* /*data*/, std::size_t size) {
    missing_ += size;
    // No later, smaller piece may land where this one should have been.
    end_ = cursor_;
}

}  // namespace aiomisc::ipc
