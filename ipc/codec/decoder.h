// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/encoder.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <typeinfo>

namespace aiomisc::ipc {

namespace detail {

/// Where a decoder stands, for the text of an error.
struct DecoderPosition {
    std::size_t offset = 0;
    std::size_t size = 0;
    unsigned argument = 0;                  ///< 0: not an argument
    const std::type_info* whole = nullptr;  ///< what the value at fault is a part of
};

/// Throws EncodeError `cannot decode [argument n, | whole, ]type at byte 17 of 40: problem`.
[[noreturn]] void fail_decoding(
    const std::type_info& type, DecoderPosition position, std::string_view problem);

[[noreturn]] void fail_truncated(
    const std::type_info& type, DecoderPosition position, std::size_t needed);

[[noreturn]] void fail_count(
    const std::type_info& type, DecoderPosition position, std::uint64_t count);

[[noreturn]] void fail_trailing(DecoderPosition position);

/// A copy of the scalar at `from` that the compiler cannot replace by reading the memory again.
///
/// The memory may be shared with a process that changes a length after it was checked.
template <typename T>
[[nodiscard]] T read_once(const std::byte* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof(T));
    if constexpr (std::is_integral_v<T> && sizeof(T) <= sizeof(void*)) {
        asm("" : "+r"(value));
    }
    return value;
}

}  // namespace detail

/// Reads values from bytes it does not trust: a worker may have been taken over by the data it
/// parses.
///
/// Every length is checked against the bytes that are left before anything is allocated, and
/// decoding n bytes allocates no more than the largest honest value of that type encoded in n bytes
/// would.
///
/// Users meet it as the archive of a cereal function; everybody else calls decode().
class Decoder {
public:
    explicit Decoder(std::span<const std::byte> input) noexcept
        : begin_(input.data()), cursor_(input.data()), end_(input.data() + input.size()) {}

    template <typename T>
    void decode(T& value) {
        detail::Codec<T>::decode(*this, value);
    }

    [[nodiscard]] std::size_t remaining() const noexcept {
        return static_cast<std::size_t>(end_ - cursor_);
    }

    /// The next `size` bytes, on behalf of a `T`.
    template <typename T>
    [[nodiscard]] const std::byte* take(std::size_t size) {
        if (size > remaining()) [[unlikely]] {
            detail::fail_truncated(typeid(T), position(), size);
        }
        const std::byte* bytes = cursor_;
        cursor_ += size;
        return bytes;
    }

    /// The next scalar of type `Scalar`, on behalf of a `T`.
    template <typename T, typename Scalar>
    [[nodiscard]] Scalar take_scalar() {
        return detail::read_once<Scalar>(take<T>(sizeof(Scalar)));
    }

    /// A number of elements of which each takes `bytes_each` bytes or more.
    template <typename T>
    [[nodiscard]] std::size_t take_count(std::size_t bytes_each = 1) {
        const auto count = take_scalar<T, std::uint64_t>();
        if (count > remaining() / bytes_each) [[unlikely]] {
            detail::fail_count(typeid(T), position(), count);
        }
        return static_cast<std::size_t>(count);
    }

    /// Skips to a multiple of `alignment`, counted from the beginning of the input.
    template <typename T>
    void align(std::size_t alignment) {
        const std::size_t excess = static_cast<std::size_t>(cursor_ - begin_) % alignment;
        if (excess != 0) {
            static_cast<void>(take<T>(alignment - excess));
        }
    }

    /// Errors from here on name the argument of this number, counted from 1.
    void begin_argument(unsigned number) noexcept { argument_ = number; }

    /// Errors from here on name this type as what is being decoded.
    void begin_value(const std::type_info& type) noexcept { whole_ = &type; }

    [[nodiscard]] unsigned argument() const noexcept { return argument_; }

    template <typename T>
    [[noreturn]] void fail(std::string_view problem) const {
        detail::fail_decoding(typeid(T), position(), problem);
    }

    /// Nothing may follow the last value.
    void finish() const {
        if (cursor_ != end_) [[unlikely]] {
            detail::fail_trailing(position());
        }
        // What was read must not be read a second time by code that this is inlined into: see
        // read_once().
        asm volatile("" ::: "memory");
    }

    /// One level of nesting, for as long as it lives.
    template <typename T>
    class Level {
    public:
        explicit Level(Decoder& decoder) : decoder_(decoder) {
            if (decoder.depth_ == kMaxDepth) [[unlikely]] {
                decoder.fail<T>("nested too deeply");
            }
            ++decoder.depth_;
        }

        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

        ~Level() { --decoder_.depth_; }

    private:
        Decoder& decoder_;
    };

    template <typename Archive>
    Archive& archive() {
        return attachment<Archive>(archive_);
    }

    template <typename Objects>
    Objects& shared_objects() {
        return attachment<Objects>(shared_objects_);
    }

private:
    [[nodiscard]] detail::DecoderPosition position() const noexcept {
        return {
            static_cast<std::size_t>(cursor_ - begin_),
            static_cast<std::size_t>(end_ - begin_),
            argument_,
            whole_};
    }

    template <typename T>
    T& attachment(std::unique_ptr<detail::Attachment>& slot) {
        if (!slot) {
            slot = std::make_unique<T>(*this);
        }
        return static_cast<T&>(*slot);
    }

    const std::byte* begin_;
    const std::byte* cursor_;
    const std::byte* end_;
    unsigned depth_ = 0;
    unsigned argument_ = 0;
    const std::type_info* whole_ = nullptr;
    std::unique_ptr<detail::Attachment> archive_;
    std::unique_ptr<detail::Attachment> shared_objects_;
};

}  // namespace aiomisc::ipc
