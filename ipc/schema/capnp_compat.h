// SPDX-License-Identifier: MIT
#pragma once

// Include this before any other header of Cap'n Proto; code generated from our schemas gets it by
// -include.
//
// Cap'n Proto 0.9 leaves `const char* == StringPtr` to the reversed member operator in C++20. Clang
// 16 implements P2468, by which a class that also has operator!= takes no part in that, and so the
// library's own headers no longer compile. The two comparisons below are those that 0.9 defines
// before C++20.

#include <capnp/common.h>
#include <kj/string.h>

#if CAPNP_VERSION < 1000000 && defined(__cpp_impl_three_way_comparison)
namespace kj {

// Converted first, and on this side: `b == a` would find this very operator again, for ever.
inline bool operator==(const char* a, const StringPtr& b) {
    return StringPtr(a) == b;
}

inline bool operator!=(const char* a, const StringPtr& b) {
    return !(StringPtr(a) == b);
}

}  // namespace kj
#endif
