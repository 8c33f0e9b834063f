// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/report/progress_text.h>
#include <aiomisc/cli/report/terminal_line.h>
#include <aiomisc/runtime/loop/basic_loop.h>
#include <aiomisc/runtime/loop/call_handle.h>

#include <functional>
#include <string_view>

namespace aiomisc::cli {

/// Shows on stderr how far the run is: a bar on a terminal, a line now and then, JSON objects, or
/// nothing.
///
/// Affinity:  loop.
class ProgressDisplay {
public:
    using Source = std::function<ProgressState()>;

    /// `state` is asked whenever something is to be shown.
    ProgressDisplay(BasicLoop& loop, const ReportOptions& options, Source state);
    ProgressDisplay(const ProgressDisplay&) = delete;
    ProgressDisplay& operator=(const ProgressDisplay&) = delete;
    ~ProgressDisplay();

    /// Shows what is wanted, unless toggle() has been called: its word stands.
    void start();

    /// Shows the end of the run and takes the bar away.
    void stop();

    /// Takes the display away, or shows one: where none was wanted, a bar or, without a terminal,
    /// lines.
    void toggle();

    /// Writes to stderr above the bar.
    void message(std::string_view text);

    /// The same for what may be left out, all of it or its end, where nobody reads.
    void offer(std::string_view text);

    /// Around the printing of job output to a terminal that also has the bar.
    void lift();

    void printed(std::string_view bytes) noexcept { line_.printed(bytes); }

    void restore();

private:
    void begin_message();
    void tick();
    void show(bool last);
    [[nodiscard]] std::chrono::milliseconds interval() const noexcept;

    BasicLoop& loop_;
    ProgressMode mode_;
    bool colors_;
    Source state_;
    TerminalLine line_;
    CallHandle timer_;
    bool running_ = false;
    bool toggled_ = false;
};

}  // namespace aiomisc::cli
