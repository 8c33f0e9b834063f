// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace aiomisc {

/// What a shared object says about itself without being loaded.
struct ModuleNote {
    std::uint32_t abi = 0;
    bool has_job = false;
    bool has_main = false;
    std::string build_id;  ///< hexadecimal; empty if the linker was told to write none
};

/// Reads the note of a job module from its file. None of its code runs, nothing is mapped: the file
/// may be hostile.
///
/// Errors:    SystemError (cannot be read); ConfigError (not an ELF shared object of this machine;
///            cut off, so that loading it would end in SIGBUS; not an aiomisc job module; built for
///            another version of the module interface).
ModuleNote read_module_note(const std::filesystem::path& file);

}  // namespace aiomisc
