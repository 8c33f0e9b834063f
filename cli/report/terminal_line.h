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
///     line.lift(); …print…; line.restore();
///     line.remove();                      at the end
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
    void restore();

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
};

/// Columns of the terminal behind `fd`; 80 if it does not tell.
std::size_t terminal_width(int fd);

/// Whether a bar makes sense on `fd`: a terminal that can move its cursor.
bool can_show_bar(int fd);

/// Whether the locale of the environment is a UTF-8 one.
bool locale_is_utf8();

}  // namespace aiomisc::cli
