// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/output/sink.h>
#include <aiomisc/cli/report/progress_display.h>

namespace aiomisc::cli {

/// Prints to the terminal that also has the bar, which makes room for it; OutputPrinter puts it
/// back.
class TerminalSink final : public Sink {
public:
    /// Both must outlive it.
    TerminalSink(Sink& terminal, ProgressDisplay& display)
        : terminal_(terminal), display_(display) {}

    std::size_t write_some(std::string_view bytes) override {
        display_.lift();
        const std::size_t count = terminal_.write_some(bytes);
        display_.printed(bytes.substr(0, count));
        return count;
    }

    [[nodiscard]] int wait_fd() const noexcept override { return terminal_.wait_fd(); }

private:
    Sink& terminal_;
    ProgressDisplay& display_;
};

}  // namespace aiomisc::cli
