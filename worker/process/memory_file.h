// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/unique_fd.h>

#include <cstddef>
#include <span>
#include <vector>

namespace aiomisc::process {

/// An anonymous file of fixed size: whoever maps it need not fear that the other side truncates it.
/// Errors: SystemError.
UniqueFd make_memory_file(const char* name, std::size_t size);

/// An anonymous file with this content, which nobody can change any more.
/// Errors: SystemError.
UniqueFd make_sealed_file(const char* name, std::span<const std::byte> content);

/// The first `size` bytes of a file from make_sealed_file().
/// Errors: ProtocolError (no such file, or a shorter one).
std::vector<std::byte> read_sealed_file(const UniqueFd& file, std::size_t size);

}  // namespace aiomisc::process
