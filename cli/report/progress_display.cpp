// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/progress_display.h>

#include <aiomisc/cli/report/stderr_text.h>

#include <chrono>
#include <utility>

#include <unistd.h>

namespace aiomisc::cli {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBarInterval{100};
constexpr milliseconds kPlainInterval{10'000};
constexpr milliseconds kJsonInterval{1000};

/// A run this short shows no bar by itself.
constexpr milliseconds kBarAfter{1000};

/// What a file or a terminal without a cursor can take of what was asked for.
ProgressMode resolve(ProgressMode mode) {
    if (can_show_bar(STDERR_FILENO)) {
        return mode;
    }
    switch (mode) {
        case ProgressMode::kAuto:
            return ProgressMode::kNone;
        case ProgressMode::kBar:
            return ProgressMode::kPlain;
        default:
            return mode;
    }
}

bool wants_colors(ColorMode mode) {
    return mode == ColorMode::kAlways ||
           (mode == ColorMode::kAuto && can_show_colors(STDERR_FILENO));
}

}  // namespace

ProgressDisplay::ProgressDisplay(BasicLoop& loop, const ReportOptions& options, Source state)
    : loop_(loop),
      mode_(resolve(options.progress)),
      colors_(wants_colors(options.color)),
      state_(std::move(state)),
      line_(&write_to_stderr) {}

ProgressDisplay::~ProgressDisplay() {
    timer_.cancel();
    line_.remove();
}

milliseconds ProgressDisplay::interval() const noexcept {
    switch (mode_) {
        case ProgressMode::kPlain:
            return kPlainInterval;
        case ProgressMode::kJson:
            return kJsonInterval;
        default:
            return kBarInterval;
    }
}

void ProgressDisplay::start() {
    if (mode_ == ProgressMode::kNone || toggled_) {
        return;
    }
    running_ = true;
    const milliseconds first = mode_ == ProgressMode::kAuto ? kBarAfter : interval();
    timer_ = loop_.call_later(first, [this] { tick(); });
}

void ProgressDisplay::tick() {
    // Where nobody reads there is nothing to show, and no reason to wait.
    if (stderr_is_ready()) {
        show(false);
    }
    timer_ = loop_.call_later(interval(), [this] { tick(); });
}

void ProgressDisplay::show(bool last) {
    const ProgressState state = state_();
    switch (mode_) {
        case ProgressMode::kPlain:
            write_to_stderr(plain_text(state) + "\n");
            return;
        case ProgressMode::kJson:
            write_to_stderr(json_text(state));
            return;
        case ProgressMode::kAuto:
        case ProgressMode::kBar:
            if (!last) {
                line_.show(bar_text(
                    state,
                    {.width = terminal_width(STDERR_FILENO),
                     .utf8 = locale_is_utf8(),
                     .colors = colors_}));
            }
            return;
        case ProgressMode::kNone:
            return;
    }
}

void ProgressDisplay::stop() {
    if (!std::exchange(running_, false)) {
        return;
    }
    timer_.cancel();
    show(true);
    line_.remove();
}

void ProgressDisplay::toggle() {
    toggled_ = true;
    if (std::exchange(running_, false)) {
        timer_.cancel();
        line_.remove();
        return;
    }
    if (mode_ == ProgressMode::kNone) {
        mode_ = can_show_bar(STDERR_FILENO) ? ProgressMode::kBar : ProgressMode::kPlain;
    }
    running_ = true;
    tick();
}

void ProgressDisplay::begin_message() {
    lift();
    if (!line_.at_line_start()) {
        write_to_stderr("\n");
    }
}

void ProgressDisplay::message(std::string_view text) {
    begin_message();
    write_to_stderr(text);
    line_.printed(text);
    restore();
}

void ProgressDisplay::offer(std::string_view text) {
    if (!stderr_is_ready()) {
        return;
    }
    begin_message();
    line_.printed(text.substr(0, offer_to_stderr(text)));
    if (stderr_is_ready()) {
        restore();
    }
}

void ProgressDisplay::lift() {
    line_.lift();
}

void ProgressDisplay::restore() {
    line_.restore();
}

}  // namespace aiomisc::cli
