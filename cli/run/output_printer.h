// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/output/output_assembler.h>
#include <aiomisc/cli/report/progress_display.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/sync/lock.h>
#include <aiomisc/runtime/task/task.h>

#include <functional>
#include <string_view>
#include <utility>

namespace aiomisc::cli {

/// Prints what the assembler allows to be printed, as fast as the reader takes it.
///
/// Affinity:  loop.
class OutputPrinter {
public:
    OutputPrinter(OutputAssembler& assembler, ProgressDisplay& display)
        : assembler_(assembler), display_(display) {
        assembler.when_printable([this] { ready_.set(); });
    }

    OutputPrinter(const OutputPrinter&) = delete;
    OutputPrinter& operator=(const OutputPrinter&) = delete;
    ~OutputPrinter() = default;

    [[nodiscard]] OutputAssembler& assembler() noexcept { return assembler_; }

    /// `printed` is called whenever something was printed.
    void when_printed(std::function<void()> printed) { printed_ = std::move(printed); }

    /// Writes a line of ours to stderr, above the bar.
    void message(std::string_view text) { display_.message(text); }

    /// Prints until cancelled. Errors: ReaderGone; SystemError.
    Task<> run();

    /// Prints everything that is printable now. Errors: as run().
    Task<> flush();

    /// Set when something was printed for the first time.
    [[nodiscard]] Event& begun() noexcept { return begun_; }

private:
    bool drain();

    OutputAssembler& assembler_;
    ProgressDisplay& display_;
    Event ready_;
    Event begun_;
    std::function<void()> printed_;
    Lock printing_;
};

}  // namespace aiomisc::cli
