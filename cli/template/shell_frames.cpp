// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/shell_frames.h>

#include <algorithm>

namespace aiomisc::cli {

bool ShellFrames::backquoted() const noexcept {
    return std::any_of(frames_.begin(), frames_.end(), [](const Frame& frame) {
        return frame.kind == FrameKind::kBackquote;
    });
}

Frame& ShellFrames::innermost_with_words() noexcept {
    return *std::find_if(
        frames_.rbegin(), frames_.rend(), [](const Frame& frame) { return frame.has_words; });
}

void ShellFrames::pop_to_backquote() noexcept {
    while (top().kind != FrameKind::kBackquote) {
        pop();
    }
}

ShellContext ShellFrames::context() const noexcept {
    bool quoted = false;  // which does not keep arithmetic around the quotes from evaluating
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
        switch (frame->kind) {
            case FrameKind::kParameter:
            case FrameKind::kSingle:
                continue;  // as what is around it
            case FrameKind::kDouble:
                quoted = true;
                continue;
            case FrameKind::kOffset:
            case FrameKind::kArithmetic:
            case FrameKind::kArithmeticParenthesis:
            case FrameKind::kArithmeticBracket:
                return ShellContext::kArithmetic;
            case FrameKind::kHereDocument:
                return quoted ? ShellContext::kDoubleQuoted : ShellContext::kHereDocument;
            default:
                return quoted ? ShellContext::kDoubleQuoted : ShellContext::kUnquoted;
        }
    }
    return ShellContext::kUnquoted;
}

}  // namespace aiomisc::cli
