// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/registry/thunk.h>

#include <cstdint>
#include <string>

namespace aiomisc::detail {

/// Identity of a function on the wire: the same in every process that loaded the same modules,
/// wherever the loader put them.
struct FunctionKey {
    std::uint64_t module = 0;  ///< from the build id of the executable or shared object
    std::uint64_t offset = 0;  ///< of the thunk in it

    bool operator==(const FunctionKey&) const = default;
};

/// The key of a thunk that is linked into, or loaded in, this process.
/// Errors: InvalidStateError (the thunk lies in no loaded module).
FunctionKey key_of(const Thunk& thunk);

/// The thunk with this key, if it stands in the registry of this process; else null.
const Thunk* find_thunk(const FunctionKey& key) noexcept;

/// Path of a loaded module, to have another process load it; empty for the executable itself.
std::string path_of_module(std::uint64_t module);

/// Whether the module is loaded here.
bool module_loaded(std::uint64_t module) noexcept;

/// Loads the shared object at `path`, once, if its build id is that of `module`.
/// Errors: ConfigError (cannot be loaded, or is another build); says which.
void load_module(const std::string& path, std::uint64_t module);

}  // namespace aiomisc::detail
