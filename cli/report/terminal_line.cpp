// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/terminal_line.h>

#include <aiomisc/runtime/log/line_hook.h>

#include <cstdlib>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

// To the end of the screen, because the line may have been wrapped.
constexpr const char* kErase = "\r\x1b[J";

// A line that was made for a wider terminal is cut, and does not flow into another.
constexpr const char* kNoWrap = "\x1b[?7l";
constexpr const char* kWrap = "\x1b[?7h";

const char* environment(const char* name) {
    return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing of ours changes it
}

}  // namespace

void TerminalLine::show(std::string text) {
    if (drawn_ && text == text_) {
        return;
    }
    text_ = std::move(text);
    if (!lifted_) {
        draw();
    }
}

void TerminalLine::lift() {
    lifted_ = true;
    erase();
}

void TerminalLine::printed(std::string_view bytes) noexcept {
    if (!bytes.empty()) {
        at_line_start_ = bytes.back() == '\n';
    }
}

void TerminalLine::restore() {
    lifted_ = false;
    if (!drawn_ && !text_.empty()) {
        draw();
    }
}

void TerminalLine::remove() {
    text_.clear();
    erase();
}

void TerminalLine::draw() {
    if (!at_line_start_) {
        return;
    }
    const std::string drawing = kNoWrap + text_ + "\r" + kWrap;
    log::set_line_hook(
        {.before = [] { return std::string(kErase); },
         .after = [drawing] { return std::string(drawing); }});
    // One write, so that nothing comes between erasing and drawing.
    write_(kErase + drawing);
    drawn_ = true;
}

void TerminalLine::erase() {
    if (drawn_) {
        // A thread that logs just now must not draw again what is being erased.
        log::set_line_hook({.before = [] { return std::string(kErase); }});
        write_(kErase);
        log::set_line_hook({});
        drawn_ = false;
    }
}

std::size_t terminal_width(int fd) {
    winsize size{};
    return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool can_show_bar(int fd) {
    const char* const terminal = environment("TERM");
    return ::isatty(fd) == 1 && terminal != nullptr && *terminal != '\0' &&
           std::string_view(terminal) != "dumb";
}

bool can_show_colors(int fd) {
    const char* const refusal = environment("NO_COLOR");
    return can_show_bar(fd) && (refusal == nullptr || *refusal == '\0');
}

bool locale_is_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* const value = environment(name);
        if (value != nullptr && *value != '\0') {
            const std::string_view locale(value);
            return locale.find("UTF-8") != std::string_view::npos ||
                   locale.find("utf8") != std::string_view::npos;
        }
    }
    return false;
}

}  // namespace aiomisc::cli
