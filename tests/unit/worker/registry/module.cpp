// SPDX-License-Identifier: MIT

// A module with a thunk that nobody registers, so that it may be unloaded.

#include <aiomisc/worker/registry/thunk.h>

extern "C" const aiomisc::detail::Thunk thunk_in_module{
    [](std::span<const std::byte>, aiomisc::detail::CallFrame&) {}};
