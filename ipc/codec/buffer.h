// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/error.h>

#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>

namespace aiomisc::ipc {

/// An encoded value grew past the limit of its buffer; nothing of it was sent.
class PayloadTooLarge : public EncodeError {
public:
    explicit PayloadTooLarge(std::size_t limit);

    /// The limit in bytes.
    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

private:
    std::size_t limit_;
};

/// Where encoded bytes go: a run of memory with room at its end.
///
/// Appending is a comparison and a copy; only running out of room is a virtual call, so an encoder
/// is compiled once for every kind of sink.
class Sink {
public:
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    void append(const void* data, std::size_t size) {
        if (size <= room()) [[likely]] {
            if (size != 0) {
                std::memcpy(cursor_, data, size);
                cursor_ += size;
            }
        } else {
            overflow(data, size);
        }
    }

    /// Bytes that lie in memory; the same as what was appended unless a fixed area overflowed.
    [[nodiscard]] std::size_t size() const noexcept {
        return static_cast<std::size_t>(cursor_ - begin_);
    }

    [[nodiscard]] bool empty() const noexcept { return cursor_ == begin_; }

    [[nodiscard]] const std::byte* data() const noexcept { return begin_; }

    [[nodiscard]] std::span<const std::byte> span() const noexcept { return {begin_, size()}; }

protected:
    Sink(std::byte* begin, std::byte* end) noexcept : begin_(begin), cursor_(begin), end_(end) {}

    ~Sink() = default;

    [[nodiscard]] std::size_t room() const noexcept {
        return static_cast<std::size_t>(end_ - cursor_);
    }

    [[nodiscard]] std::size_t capacity() const noexcept {
        return static_cast<std::size_t>(end_ - begin_);
    }

    /// Takes `size` bytes that do not fit into the room that is left.
    virtual void overflow(const void* data, std::size_t size) = 0;

    std::byte* begin_;
    std::byte* cursor_;
    std::byte* end_;
};

/// A growable run of bytes that is moved, not copied, and never filled with zeros.
///
/// The first `kInlineBytes` live inside the object, so that encoding a call with a few scalar
/// arguments allocates nothing.
///
/// Errors:    PayloadTooLarge (growing past `max_size`), std::bad_alloc.
/// Affinity:  any thread, one at a time.
class Buffer final : public Sink {
public:
    static constexpr std::size_t kInlineBytes = 48;
    static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): inline_ is filled as it is used
    explicit Buffer(std::size_t max_size = kUnlimited) noexcept
        : Sink(inline_, inline_), max_size_(max_size) {
        end_ = begin_ + (max_size < kInlineBytes ? max_size : kInlineBytes);
    }

    Buffer(Buffer&& other) noexcept : Buffer(other.max_size_) { take(other); }

    Buffer& operator=(Buffer&& other) noexcept;

    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    ~Buffer() {
        if (!is_inline()) {
            release();
        }
    }

    /// Adds `size` bytes of indeterminate content and returns where they start.
    [[nodiscard]] std::byte* extend(std::size_t size);

    /// Makes room for `size` bytes in all.
    void reserve(std::size_t size);

    /// Forgets all but the first `size` bytes; the memory is kept.
    void truncate(std::size_t size) noexcept;

    void clear() noexcept { cursor_ = begin_; }

    [[nodiscard]] std::byte* data() noexcept { return begin_; }

    using Sink::capacity;
    using Sink::data;

    [[nodiscard]] std::size_t max_size() const noexcept { return max_size_; }

private:
    [[nodiscard]] bool is_inline() const noexcept { return begin_ == inline_; }

    void overflow(const void* data, std::size_t size) override;
    void grow(std::size_t size);
    void release() noexcept;
    void take(Buffer& other) noexcept;

    std::size_t max_size_;
    alignas(std::max_align_t) std::byte inline_[kInlineBytes];
};

/// Foreign memory of fixed size, such as the result area of a shared page.
///
/// What does not fit is counted but not written, and neither is anything after it: check
/// overflowed() before using the bytes, and fall back to a Buffer of required_size() bytes.
class FixedArea final : public Sink {
public:
    explicit FixedArea(std::span<std::byte> memory) noexcept
        : Sink(memory.data(), memory.data() + memory.size()) {}

    [[nodiscard]] bool overflowed() const noexcept { return missing_ != 0; }

    /// The size the area would need to have.
    [[nodiscard]] std::size_t required_size() const noexcept { return size() + missing_; }

private:
    void overflow(const void* data, std::size_t size) override;

    std::size_t missing_ = 0;
};

}  // namespace aiomisc::ipc
