// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/template/shell_lexer.h>

#include <cstddef>
#include <vector>

namespace aiomisc::cli {

/// What a piece of shell text can stand in.
enum class FrameKind {
    kTop,
    kParenthesis,            ///< ( … )
    kSubstitution,           ///< $( … )
    kBackquote,              ///< ` … `
    kSingle,                 ///< ' … ', where its words matter
    kDouble,                 ///< " … "
    kParameter,              ///< ${ … }
    kOffset,                 ///< the rest of ${x: … }
    kArithmetic,             ///< $(( … )) or (( … ))
    kArithmeticParenthesis,  ///< ( … ) in there
    kArithmeticBracket,      ///< $[ … ], or the index in ${x[ … ]}
    kHereDocument,           ///< the body
};

struct Frame {
    FrameKind kind = FrameKind::kTop;
    bool in_word = false;  ///< of ${ … }: behind the operator
    unsigned cases = 0;    ///< open ones, in whose patterns a ) closes nothing

    // The word that a -X would repeat.
    bool has_words = false;      ///< blanks in it separate words
    bool word_has_hole = false;  ///< for all items of a job
    std::size_t word_begin = 0;  ///< the piece it begins with
};

/// What the place that a lexer has come to stands in, from the outside in.
class ShellFrames {
public:
    [[nodiscard]] Frame& top() noexcept { return frames_.back(); }

    [[nodiscard]] const Frame& top() const noexcept { return frames_.back(); }

    void push(FrameKind kind) { frames_.push_back({.kind = kind}); }

    void pop() noexcept { frames_.pop_back(); }

    /// The innermost that has words. Only after the outermost was given words.
    [[nodiscard]] Frame& innermost_with_words() noexcept;

    /// Somewhere inside `…`.
    [[nodiscard]] bool backquoted() const noexcept;

    /// Leaves whatever was opened inside `…`, and not closed.
    void pop_to_backquote() noexcept;

    [[nodiscard]] ShellContext context() const noexcept;

private:
    std::vector<Frame> frames_{Frame{}};
};

}  // namespace aiomisc::cli
