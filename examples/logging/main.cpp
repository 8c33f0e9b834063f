// SPDX-License-Identifier: MIT

// The same records in any format: logging [stream|plain|color|json|rich|rich_tb|…]

#include <aiomisc/aiomisc.h>

#include <stdexcept>
#include <string>

using namespace aiomisc;

Task<> amain() {
    log::info("cache", "{} entries, {:.1f} MiB", 1200, 3.25);
    log::debug("cache", "not shown: the level is info");

    const auto request_log = log::with({{"request", 17}, {"user", "ann"}});
    request_log.warning("http", "no quota left");

    try {
        throw std::runtime_error("connection lost");
    } catch (...) {
        log::with_exception(std::current_exception()).error("http", "request failed");
    }
    co_return;
}

int main(int argc, char** argv) {
    return run(amain(), {.log_level = "info", .log_format = argc > 1 ? argv[1] : "stream"});
}
