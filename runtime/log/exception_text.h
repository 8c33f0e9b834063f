// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <span>
#include <string>

namespace aiomisc::log::detail {

/// `Type: what`, and a line `caused by Type: what` for each exception nested in it.
std::string exception_chain(const std::exception_ptr& error);

/// One line for each return address: function and module, as far as glibc knows them.
std::string backtrace_text(std::span<void* const> addresses);

}  // namespace aiomisc::log::detail
