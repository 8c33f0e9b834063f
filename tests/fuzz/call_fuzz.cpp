// SPDX-License-Identifier: MIT

// What a worker does with arbitrary bytes from its parent, which then closes the channel: it must
// end, by itself and in order. The text `aiomisc.function`, where a message names a function, is
// replaced by the name of one that this program has.

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/worker/call/shared_area.h>
#include <aiomisc/worker/process/worker_page.h>
#include <aiomisc/worker/registry/registry.h>
#include <aiomisc/worker/server/worker_server.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace {

using namespace aiomisc;

/// Small enough that all answers fit into the socket: nobody reads them.
constexpr std::size_t kMaxBytes = 4 << 10;
constexpr std::size_t kMaxPayload = 1 << 10;
constexpr std::string_view kPlaceholder = "aiomisc.function";

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

std::string twice(const std::string& text) {
    return text + text;
}

std::string with_function(std::string bytes) {
    using Signature = detail::FunctionSignature<&twice>;
    static const detail::FunctionKey key = detail::key_of(Signature::Thunk::kRegistration.thunk());
    static_assert(sizeof key == kPlaceholder.size());
    for (std::size_t at = 0; (at = bytes.find(kPlaceholder, at)) != std::string::npos;) {
        std::memcpy(bytes.data() + at, &key, sizeof key);
    }
    return bytes;
}

[[maybe_unused]] const bool kQuiet = [] {
    log::basic_config({.level = log::Level::kCritical});
    return true;
}();

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer asks for this name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > kMaxBytes) {
        return 0;
    }
    const std::string bytes = with_function(std::string(reinterpret_cast<const char*>(data), size));
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const UniqueFd parent(ends[0]);
    UniqueFd worker(ends[1]);
    require(
        ::send(parent.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(bytes.size()));
    ::shutdown(parent.get(), SHUT_WR);
    auto page = process::WorkerPage::create(detail::SharedArea::page_bytes(4096)).first;
    const int status = detail::serve(1, std::move(worker), page, kMaxPayload);
    require(status == 0 || status == 1);
    return 0;
}
