// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// The last line of a terminal, which something else is printed above.
///
///     line.show(bar);                     draws, or redraws
///     line.lift(); …print…; line.printed(bytes); line.restore();
///     line.remove();                      at the end
///
/// The cursor stands at its beginning: where a terminal that is made narrower wraps the line,
/// erasing from there takes all of it. Lines of the log are printed above it by themselves.
///
/// Affinity:  loop.
class TerminalLine {
public:
    using Write = std::function<void(std::string_view bytes)>;

    explicit TerminalLine(Write write) : write_(std::move(write)) {}

    /// Puts `text`, which fits on one line, in place of what is there.
    void show(std::string text);

    /// Takes the line away until restore(), so that something can be printed.
    void lift();

    /// What was printed meanwhile. Where it does not end its line the line stays away: it would
    /// wipe the beginning out.
    void printed(std::string_view bytes) noexcept;
    void restore();

    [[nodiscard]] bool at_line_start() const noexcept { return at_line_start_; }

    /// Takes the line away for good.
    void remove();

    [[nodiscard]] bool is_drawn() const noexcept { return drawn_; }

private:
    void draw();
    void erase();

    Write write_;
    std::string text_;
    bool drawn_ = false;
    bool lifted_ = false;
    bool at_line_start_ = true;  // the cursor, while nothing is drawn
};

/// Columns of the terminal behind `fd`; 80 if it does not tell.
std::size_t terminal_width(int fd);

/// Whether a bar makes sense on `fd`: a terminal that can move its cursor.
bool can_show_bar(int fd);

/// Whether what is said on `fd` may be in colors, where nobody has decided: on a terminal that
/// knows them, unless NO_COLOR is set.
bool can_show_colors(int fd);

/// Whether the locale of the environment is a UTF-8 one.
bool locale_is_utf8();

}  // namespace aiomisc::cli
