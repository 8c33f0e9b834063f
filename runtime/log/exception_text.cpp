// SPDX-License-Identifier: MIT
#include "exception_text.h"

#include <aiomisc/runtime/base/error.h>

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include <dlfcn.h>

namespace aiomisc::log::detail {

namespace {

constexpr int kMostCauses = 32;

std::exception_ptr cause_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::nested_exception& nested) {
        return nested.nested_ptr();
    } catch (...) {
        return nullptr;
    }
}

/// `Type: what`, without the type that std::throw_with_nested() makes of it.
std::string describe(const std::exception_ptr& error) {
    constexpr std::string_view kNested = "std::_Nested_exception<";
    std::string text = describe_exception(error);
    const std::size_t end = text.find(">: ");
    if (text.starts_with(kNested) && end != std::string::npos) {
        text.erase(end, 1);
        text.erase(0, kNested.size());
    }
    return text;
}

}  // namespace

std::string exception_chain(const std::exception_ptr& error) {
    std::string text = describe(error);
    std::exception_ptr cause = error ? cause_of(error) : nullptr;
    for (int depth = 0; cause && depth < kMostCauses; ++depth) {
        text += "\ncaused by " + describe(cause);
        cause = cause_of(cause);
    }
    return text;
}

std::string backtrace_text(std::span<void* const> addresses) {
    std::string text;
    for (std::size_t depth = 0; depth < addresses.size(); ++depth) {
        // A return address may be the first byte of the next function: look one byte before it.
        const auto address = reinterpret_cast<std::uintptr_t>(addresses[depth]) - 1;
        Dl_info info{};
        // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of code
        const bool known = ::dladdr(reinterpret_cast<const void*>(address), &info) != 0;
        const std::string function =
            known && info.dli_sname != nullptr ? demangle(info.dli_sname) : "??";
        const auto base = known ? reinterpret_cast<std::uintptr_t>(info.dli_fbase) : 0;
        text += fmt::format(
            "{}#{} {} in {}+{:#x}",
            depth == 0 ? "" : "\n",
            depth,
            function,
            known && info.dli_fname != nullptr ? info.dli_fname : "?",
            address - base);
    }
    return text;
}

}  // namespace aiomisc::log::detail
