// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/composite_codec.h>
#include <aiomisc/ipc/codec/scalar_codec.h>
#include <aiomisc/ipc/codec/type_codec.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <type_traits>
#include <typeindex>
#include <typeinfo>
#include <utility>
#include <vector>

namespace aiomisc::ipc::detail {

/// What a smart pointer may point to. Not to a base class: what is behind it would be cut down to
/// the base.
template <typename T>
concept Pointee =
    !std::is_array_v<T> && !std::is_void_v<T> && (!std::is_polymorphic_v<T> || std::is_final_v<T>);

template <typename T>
struct PointerCodec {
    static constexpr bool kBlock = false;

    template <Direction kWay, typename... Outer>
    static consteval bool supported() {
        if constexpr (Pointee<T>) {
            return kSupported<std::remove_const_t<T>, kWay, Outer...>;
        }
        return false;
    }
};

template <typename T>
struct Codec<std::unique_ptr<T>> : PointerCodec<T> {
    using Pointer = std::unique_ptr<T>;
    using Value = std::remove_const_t<T>;

    static void encode(Encoder& encoder, const Pointer& pointer) {
        const Encoder::Level<Pointer> level(encoder);
        Codec<bool>::encode(encoder, pointer != nullptr);
        if (pointer) {
            Codec<Value>::encode(encoder, *pointer);
        }
    }

    static void decode(Decoder& decoder, Pointer& pointer) {
        const Decoder::Level<Pointer> level(decoder);
        pointer.reset();
        bool present = false;
        Codec<bool>::decode(decoder, present);
        if (present) {
            auto value = std::make_unique<Value>();
            Codec<Value>::decode(decoder, *value);
            pointer = std::move(value);
        }
    }
};

/// The shared objects written so far. Number 0 is the null pointer, the next free number a new
/// object.
class EncodedObjects final : public Attachment {
public:
    explicit EncodedObjects(Encoder& /*encoder*/) {}

    struct Object {
        std::uint32_t number = 0;
        bool complete = false;
        std::shared_ptr<const void> kept;  ///< lest another object takes over the address meanwhile
    };

    /// The object pointed to, and whether it is new. Two objects of different type may start at the
    /// same address.
    std::pair<Object&, bool> find(std::shared_ptr<const void> pointer, const std::type_info& type) {
        const auto [at, is_new] = objects_.try_emplace({pointer.get(), std::type_index(type)});
        if (is_new) {
            at->second.number = static_cast<std::uint32_t>(objects_.size());
            at->second.kept = std::move(pointer);
        }
        return {at->second, is_new};
    }

private:
    std::map<std::pair<const void*, std::type_index>, Object> objects_;
};

/// The shared objects read so far, by number. The type is kept because the input may name any of
/// them where a pointer to another type is wanted.
class DecodedObjects final : public Attachment {
public:
    explicit DecodedObjects(Decoder& /*decoder*/) {}

    struct Object {
        std::shared_ptr<void> pointer;  ///< null until the object is complete
        std::type_index type;
    };

    std::vector<Object> objects;
};

template <typename T>
struct Codec<std::shared_ptr<T>> : PointerCodec<T> {
    using Pointer = std::shared_ptr<T>;
    using Value = std::remove_const_t<T>;

    static void encode(Encoder& encoder, const Pointer& pointer) {
        const Encoder::Level<Pointer> level(encoder);
        if (!pointer) {
            encoder.put(std::uint32_t{0});
            return;
        }
        auto [object, is_new] =
            encoder.shared_objects<EncodedObjects>().find(pointer, typeid(Value));
        encoder.put(object.number);
        if (is_new) {
            Codec<Value>::encode(encoder, *pointer);
            object.complete = true;
        } else if (!object.complete) {
            encoder.fail<Pointer>("the object refers to itself");
        }
    }

    static void decode(Decoder& decoder, Pointer& pointer) {
        const Decoder::Level<Pointer> level(decoder);
        pointer.reset();
        const std::size_t number = decoder.take_scalar<Pointer, std::uint32_t>();
        if (number == 0) {
            return;
        }
        auto& objects = decoder.shared_objects<DecodedObjects>().objects;
        if (number <= objects.size()) {
            const auto& known = objects[number - 1];
            if (known.type != typeid(Value) || !known.pointer) {
                decoder.fail<Pointer>("refers to an object of another type, or to itself");
            }
            pointer = std::static_pointer_cast<Value>(known.pointer);
        } else if (number == objects.size() + 1) {
            // Entered before it is read, as the objects inside it were numbered after it.
            objects.push_back({nullptr, typeid(Value)});
            auto value = std::make_shared<Value>();
            Codec<Value>::decode(decoder, *value);
            objects[number - 1].pointer = value;
            pointer = std::move(value);
        } else {
            decoder.fail<Pointer>("refers to an object that was not sent");
        }
    }
};

}  // namespace aiomisc::ipc::detail
