// SPDX-License-Identifier: MIT
#pragma once

// Types with cereal functions (a serialize() or a save()/load() pair, member or free, versioned or
// not, the _minimal pair) travel through the two archives here. cereal picks and calls the
// function; whatever that function hands to the archive comes back to our codecs, so that hostile
// lengths are refused inside user types as well. The archives own a dozen containers each, so they
// are made only when the first such type comes by: a call that needs none does not pay for them.

#include <aiomisc/ipc/codec/type_codec.h>

#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

#include <cereal/cereal.hpp>

namespace aiomisc::ipc {

/// The archive a cereal function writes to. `archive(a, b, c)`, `archive & a` and `archive << a`
/// work.
class EncodingArchive final : public cereal::OutputArchive<EncodingArchive>,
                              public detail::Attachment {
    using Base = cereal::OutputArchive<EncodingArchive>;

public:
    explicit EncodingArchive(Encoder& encoder) : Base(this), encoder_(encoder) {}

    template <typename... Values>
    EncodingArchive& operator()(Values&&... values) {
        (put(values), ...);
        return *this;
    }

    template <typename T>
    EncodingArchive& operator&(T&& value) {
        return (*this)(value);
    }

    template <typename T>
    EncodingArchive& operator<<(T&& value) {
        return (*this)(value);
    }

    /// Has cereal find and call the functions of a class.
    template <typename T>
    void put_class(const T& value) {
        Base::operator()(value);
    }

    [[nodiscard]] Encoder& encoder() noexcept { return encoder_; }

private:
    template <typename T>
    void put(const T& value) {
        static_assert(
            detail::Codec<T>::template supported<detail::Direction::kEncode>(),
            "a member handed to a cereal archive cannot travel: see aiomisc::ipc::Encodable");
        encoder_.encode(value);
    }

    template <typename T>
    void put(const cereal::NameValuePair<T>& pair) {
        put(pair.value);
    }

    template <typename T>
    void put(const cereal::SizeTag<T>& tag) {
        encoder_.put_count(static_cast<std::size_t>(tag.size));
    }

    template <typename T>
    void put(const cereal::BinaryData<T>& data) {
        encoder_.put_bytes(data.data, static_cast<std::size_t>(data.size));
    }

    template <typename T>
    void put(const cereal::base_class<T>& base) {
        encoder_.encode(static_cast<const T&>(*base.base_ptr));
    }

    template <typename T>
    void put(const cereal::virtual_base_class<T>& base) {
        Base::operator()(base);
    }

    template <typename T>
    void put(const cereal::DeferredData<T>& deferred) {
        Base::operator()(deferred);
    }

    Encoder& encoder_;
};

/// The archive a cereal function reads from.
class DecodingArchive final : public cereal::InputArchive<DecodingArchive>,
                              public detail::Attachment {
    using Base = cereal::InputArchive<DecodingArchive>;

public:
    explicit DecodingArchive(Decoder& decoder) : Base(this), decoder_(decoder) {}

    template <typename... Values>
    DecodingArchive& operator()(Values&&... values) {
        (take(values), ...);
        return *this;
    }

    template <typename T>
    DecodingArchive& operator&(T&& value) {
        return (*this)(value);
    }

    template <typename T>
    DecodingArchive& operator>>(T&& value) {
        return (*this)(value);
    }

    template <typename T>
    void take_class(T& value) {
        Base::operator()(value);
    }

    [[nodiscard]] Decoder& decoder() noexcept { return decoder_; }

private:
    template <typename T>
    void take(T& value) {
        static_assert(
            detail::Codec<T>::template supported<detail::Direction::kDecode>(),
            "a member handed to a cereal archive cannot travel: see aiomisc::ipc::Decodable");
        decoder_.decode(value);
    }

    template <typename T>
    void take(cereal::NameValuePair<T>& pair) {
        take(pair.value);
    }

    template <typename T>
    void take(cereal::SizeTag<T>& tag) {
        tag.size = decoder_.take_count<cereal::SizeTag<T>>();
    }

    template <typename T>
    void take(cereal::BinaryData<T>& data) {
        const auto size = static_cast<std::size_t>(data.size);
        const std::byte* bytes = decoder_.take<cereal::BinaryData<T>>(size);
        if (size != 0) {
            std::memcpy(data.data, bytes, size);
        }
    }

    template <typename T>
    void take(cereal::base_class<T>& base) {
        decoder_.decode(*base.base_ptr);
    }

    template <typename T>
    void take(cereal::virtual_base_class<T>& base) {
        Base::operator()(base);
    }

    template <typename T>
    void take(cereal::DeferredData<T>& deferred) {
        Base::operator()(deferred);
    }

    Decoder& decoder_;
};

// cereal itself hands these to an archive by way of free functions: the version of a class, for
// one.
template <typename T>
void CEREAL_SAVE_FUNCTION_NAME(EncodingArchive& archive, const cereal::NameValuePair<T>& pair) {
    archive(pair.value);
}

template <typename T>
void CEREAL_LOAD_FUNCTION_NAME(DecodingArchive& archive, cereal::NameValuePair<T>& pair) {
    archive(pair.value);
}

template <typename T>
void CEREAL_SAVE_FUNCTION_NAME(EncodingArchive& archive, const cereal::SizeTag<T>& tag) {
    archive(tag);
}

template <typename T>
void CEREAL_LOAD_FUNCTION_NAME(DecodingArchive& archive, cereal::SizeTag<T>& tag) {
    archive(tag);
}

template <typename T>
void CEREAL_SAVE_FUNCTION_NAME(EncodingArchive& archive, const cereal::BinaryData<T>& data) {
    archive(data);
}

template <typename T>
void CEREAL_LOAD_FUNCTION_NAME(DecodingArchive& archive, cereal::BinaryData<T>& data) {
    archive(data);
}

}  // namespace aiomisc::ipc

CEREAL_SETUP_ARCHIVE_TRAITS(aiomisc::ipc::DecodingArchive, aiomisc::ipc::EncodingArchive)
