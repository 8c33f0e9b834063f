// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/buffer.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <typeinfo>

namespace aiomisc::ipc {

/// Levels a value may be nested through pointers, containers and serialize() functions.
///
/// The decoder recurses once per level on bytes it does not trust, so the stack needs a bound; the
/// encoder keeps the same one, lest it write what cannot be read.
inline constexpr unsigned kMaxDepth = 256;

namespace detail {

template <typename T>
struct Codec;

/// State few values need (a cereal archive, shared pointers seen), made when the first of them
/// comes by.
class Attachment {
public:
    Attachment() = default;
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;
    virtual ~Attachment() = default;
};

/// Throws EncodeError `cannot encode [argument n, ]type: problem`.
[[noreturn]] void fail_encoding(
    const std::type_info& type, unsigned argument, std::string_view problem);

}  // namespace detail

/// Writes values into a sink, in the byte order and type sizes of this machine.
///
/// Users meet it as the archive of a cereal function; everybody else calls encode().
///
/// Every value takes at least one byte. That lets the decoder refuse a claimed length by looking at
/// the bytes that are left, whatever the element type.
class Encoder {
public:
    explicit Encoder(Sink& sink) noexcept : sink_(sink), start_(sink.size()) {}

    template <typename T>
    void encode(const T& value) {
        detail::Codec<T>::encode(*this, value);
    }

    void put_bytes(const void* data, std::size_t size) { sink_.append(data, size); }

    /// The bytes of `value` as they lie in memory.
    template <typename T>
    void put(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        sink_.append(&value, sizeof(T));
    }

    void put_count(std::size_t count) { put(static_cast<std::uint64_t>(count)); }

    /// Fills up to a multiple of `alignment`, counted from where this encoder began.
    void align(std::size_t alignment) {
        static constexpr std::byte kZeros[alignof(std::max_align_t)]{};
        const std::size_t excess = (sink_.size() - start_) % alignment;
        if (excess != 0) {
            sink_.append(kZeros, alignment - excess);
        }
    }

    /// Errors from here on name the argument of this number, counted from 1.
    void begin_argument(unsigned number) noexcept { argument_ = number; }

    template <typename T>
    [[noreturn]] void fail(std::string_view problem) const {
        detail::fail_encoding(typeid(T), argument_, problem);
    }

    [[nodiscard]] unsigned argument() const noexcept { return argument_; }

    /// One level of nesting, for as long as it lives.
    template <typename T>
    class Level {
    public:
        explicit Level(Encoder& encoder) : encoder_(encoder) {
            if (encoder.depth_ == kMaxDepth) [[unlikely]] {
                encoder.fail<T>("nested too deeply");
            }
            ++encoder.depth_;
        }

        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;

        ~Level() { --encoder_.depth_; }

    private:
        Encoder& encoder_;
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
    template <typename T>
    T& attachment(std::unique_ptr<detail::Attachment>& slot) {
        if (!slot) {
            slot = std::make_unique<T>(*this);
        }
        return static_cast<T&>(*slot);
    }

    Sink& sink_;
    std::size_t start_;
    unsigned depth_ = 0;
    unsigned argument_ = 0;
    std::unique_ptr<detail::Attachment> archive_;
    std::unique_ptr<detail::Attachment> shared_objects_;
};

}  // namespace aiomisc::ipc
