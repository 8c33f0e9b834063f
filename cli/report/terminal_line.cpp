// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/terminal_line.h>

#include <cstdlib>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace aiomisc::cli {
namespace {

constexpr const char* kEraseLine = "\r\x1b[K";

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
    // One write, so that nothing comes between erasing and drawing.
    write_(kEraseLine + text_);
    drawn_ = true;
}

void TerminalLine::erase() {
    if (drawn_) {
        write_(kEraseLine);
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
