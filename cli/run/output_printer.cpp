// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/output_printer.h>

#include <aiomisc/runtime/loop/fd_watcher.h>

namespace aiomisc::cli {

bool OutputPrinter::drain() {
    if (assembler_.idle()) {
        return true;
    }
    begun_.set();
    const bool all = assembler_.drain();
    display_.restore();  // a TerminalSink took it away, if one was written to
    if (printed_) {
        printed_();
    }
    return all;
}

Task<> OutputPrinter::flush() {
    // One at a time: a descriptor can be waited for by one task only.
    const auto printing = co_await printing_.scoped();
    while (!drain()) {
        co_await writable(assembler_.blocked_fd());
    }
}

Task<> OutputPrinter::run() {
    for (;;) {
        co_await ready_.wait();
        ready_.clear();
        co_await flush();
    }
}

}  // namespace aiomisc::cli
