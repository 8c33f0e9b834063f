// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <system_error>

namespace aiomisc::ipc::detail {

/// The error category of this name: a standard one, or one that stands in for a category of another
/// process.
///
/// Categories are compared by address and live for ever, so the number of names that another
/// process can make us keep is bounded; what is beyond goes by the name "remote".
///
/// Affinity:  any thread.
const std::error_category& error_category_named(const std::string& name);

}  // namespace aiomisc::ipc::detail
