// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/codec.h>

#include <cstddef>
#include <vector>

namespace aiomisc::test {

/// The encoding of `value`, in memory of exactly its size, so that a read beyond it is seen by
/// ASan.
template <typename T>
std::vector<std::byte> encoded(const T& value) {
    ipc::Buffer buffer;
    ipc::encode(buffer, value);
    return {buffer.span().begin(), buffer.span().end()};
}

/// `value`, encoded and decoded again.
template <typename T>
T round_trip(const T& value) {
    return ipc::decode<T>(encoded(value));
}

}  // namespace aiomisc::test
