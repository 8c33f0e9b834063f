// SPDX-License-Identifier: MIT

// Tracks just enough of the shell's grammar to know the quoting at every character. States that
// nest are frames on a stack: "…" may hold $(…), which holds unquoted text again, and so on. '…',
// comments and here-documents do not nest and are taken in one go.
//
// Items are never put into the text, only references to variables that hold them, so a construct
// that is misread here can break a template but cannot turn an item into code. The one place where
// a shell evaluates the value of a variable is arithmetic, hence ShellContext::kArithmetic.

#include <aiomisc/cli/template/shell_lexer.h>

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/template/here_document.h>
#include <aiomisc/cli/template/shell_arithmetic.h>
#include <aiomisc/cli/template/shell_frames.h>

#include <algorithm>
#include <utility>

namespace aiomisc::cli {
namespace {

bool is_one_of(char c, std::string_view characters) {
    return characters.find(c) != std::string_view::npos;
}

class ShellLexer {
public:
    ShellLexer(std::string_view text, std::string_view whole) : text_(text), whole_(whole) {}

    std::vector<ShellPiece> lex() {
        lex_until(text_.size());
        end_literal();
        return std::move(pieces_);
    }

private:
    void lex_until(std::size_t end) {
        while (at_ < end) {
            if (!take_hole(frames_.context())) {
                take_by_frame();
            }
        }
    }

    // --- the text ---

    [[nodiscard]] std::string_view rest(std::size_t skip = 0) const {
        return text_.substr(std::min(at_ + skip, text_.size()));
    }

    [[nodiscard]] bool looking_at(std::string_view prefix) const {
        return rest().starts_with(prefix);
    }

    [[nodiscard]] bool hole_follows() const {
        return match_placeholder(rest(1), whole_).has_value();
    }

    void copy(std::size_t count) {
        const std::string_view copied = rest().substr(0, count);
        literal_ += copied;
        at_ += copied.size();
    }

    void end_literal() {
        if (!literal_.empty()) {
            pieces_.emplace_back(std::exchange(literal_, {}));
        }
    }

    bool take_hole(ShellContext context) {
        const auto match = match_placeholder(rest(), whole_);
        if (!match) {
            return false;
        }
        end_literal();
        pieces_.emplace_back(ShellHole{
            .placeholder = match->placeholder,
            .context = context,
            .backquoted = frames_.backquoted(),
            .in_parameter = frames_.top().kind == FrameKind::kParameter,
            .evaluated = context == ShellContext::kArithmetic || at_ < condition_end_});
        at_ += match->length;
        word_start_ = false;
        return true;
    }

    // --- frames ---

    void push(FrameKind kind, std::size_t opener) {
        copy(opener);
        frames_.push(kind);
        word_start_ = true;
    }

    void pop(std::size_t closer) {
        copy(closer);
        frames_.pop();
        word_start_ = false;
    }

    /// Leaves the frame if its end is here, or takes one character.
    void pop_at(std::string_view closer) { looking_at(closer) ? pop(closer.size()) : copy(1); }

    void take_by_frame() {
        if (take_expansion()) {
            return;
        }
        switch (frames_.top().kind) {
            case FrameKind::kHereDocument:
                copy(1);
                break;
            case FrameKind::kDouble:
                pop_at("\"");
                break;
            case FrameKind::kParameter:
                take_in_parameter();
                break;
            case FrameKind::kOffset:
                pop_at("}");
                break;
            case FrameKind::kArithmetic:
                looking_at("(") ? push(FrameKind::kArithmeticParenthesis, 1) : pop_at("))");
                break;
            case FrameKind::kArithmeticParenthesis:
                looking_at("(") ? push(FrameKind::kArithmeticParenthesis, 1) : pop_at(")");
                break;
            case FrameKind::kArithmeticBracket:
                looking_at("[") ? push(FrameKind::kArithmeticBracket, 1) : pop_at("]");
                break;
            default:
                take_unquoted();
        }
    }

    // Backslash, dollar and backquote, which mean the same nearly everywhere.
    bool take_expansion() {
        switch (text_[at_]) {
            case '\\':
                take_backslash();
                return true;
            case '$':
                take_dollar();
                return true;
            case '`':
                take_backquote();
                return true;
            default:
                return false;
        }
    }

    void take_backslash() {
        word_start_ = false;
        const std::size_t run = std::min(rest().find_first_not_of('\\'), rest().size());
        if (!match_placeholder(rest(run), whole_)) {
            copy(2);
            return;
        }
        // Unquoted, an odd backslash would quote the value, which is quoted anyway; in quotes it is
        // text, as it is before any ordinary character.
        const std::size_t count = left_in_backquotes(run);
        const bool unquoted = frames_.context() == ShellContext::kUnquoted;
        write_backslashes(unquoted ? count / 2 * 2 : (count + 1) / 2 * 2);
        at_ += run;
    }

    // What is left of a run of backslashes when `…` has taken its level off, and the other way
    // round. The last of an odd run stays before a character that is not special there.
    [[nodiscard]] std::size_t left_in_backquotes(std::size_t run) const {
        return frames_.backquoted() ? (run + 1) / 2 : run;
    }

    void write_backslashes(std::size_t count) {
        literal_.append(frames_.backquoted() ? 2 * count : count, '\\');
    }

    void take_dollar() {
        word_start_ = false;
        if (looking_at("$((")) {
            push(FrameKind::kArithmetic, 3);
        } else if (looking_at("$(")) {
            push(FrameKind::kSubstitution, 2);
        } else if (looking_at("$[")) {
            push(FrameKind::kArithmeticBracket, 2);
        } else if (looking_at("${")) {
            push(FrameKind::kParameter, 2);
            copy(looking_at("#") || looking_at("!") ? 1 : 0);  // the length, or an indirection
        } else if (looking_at("$'") && frames_.context() == ShellContext::kUnquoted) {
            take_ansi_quoted();
        } else if (hole_follows()) {
            write_backslashes(1);
            copy(1);
        } else {
            const std::string_view next = rest(1);
            copy(!next.empty() && is_one_of(next[0], "$!?#@*-") ? 2 : 1);
        }
    }

    void take_backquote() {
        if (!frames_.backquoted()) {
            push(FrameKind::kBackquote, 1);
            return;
        }
        frames_.pop_to_backquote();
        pop(1);
    }

    void take_in_parameter() {
        if (looking_at("}")) {
            pop(1);
        } else if (!frames_.top().in_word) {
            take_parameter_name();
        } else if (looking_at("\"")) {
            push(FrameKind::kDouble, 1);
        } else if (looking_at("'") && frames_.context() == ShellContext::kUnquoted) {
            take_single_quoted();
        } else {
            copy(1);
        }
    }

    // The name, an index, and the operator, behind which a word follows, or an expression.
    void take_parameter_name() {
        const std::string_view next = rest(1);
        if (looking_at("[")) {
            push(FrameKind::kArithmeticBracket, 1);
        } else if (looking_at(":") && (next.empty() || !is_one_of(next[0], "-=?+"))) {
            copy(1);
            frames_.top().kind = FrameKind::kOffset;
        } else {
            const char c = text_[at_];
            const bool in_name =
                c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
            copy(looking_at(":") ? 2 : 1);
            frames_.top().in_word = !in_name;
        }
    }

    // --- unquoted text ---

    void take_unquoted() {
        const char next = text_[at_];
        switch (next) {
            case '\'':
                take_single_quoted();
                return;
            case '"':
                push(FrameKind::kDouble, 1);
                word_start_ = false;
                return;
            case '(':
                opens_arithmetic(rest()) ? push(FrameKind::kArithmetic, 2)
                                         : push(FrameKind::kParenthesis, 1);
                return;
            case ')':
                closes_commands() ? pop(1) : copy(1);
                word_start_ = true;
                return;
            case '[':
                if (word_start_) {
                    condition_end_ = at_ + numeric_condition_length(rest());
                }
                copy(1);
                word_start_ = false;
                return;
            case '#':
                copy(word_start_ ? rest().find('\n') : 1);
                word_start_ = false;
                return;
            case '<':
                take_less_than();
                word_start_ = true;
                return;
            case '\n':
                copy(1);
                take_here_documents();
                word_start_ = true;
                return;
            default:
                copy(1);
                word_start_ = is_one_of(next, " \t;|&>");
        }
    }

    // Whether a `)` ends the frame; at the top it is the end of a pattern in a case.
    [[nodiscard]] bool closes_commands() const {
        return frames_.top().kind == FrameKind::kParenthesis ||
               frames_.top().kind == FrameKind::kSubstitution;
    }

    void take_single_quoted() {
        copy(1);
        word_start_ = false;
        while (!rest().empty() && !looking_at("'")) {
            const std::size_t run = std::min(rest().find_first_not_of('\\'), rest().size());
            if (run > 0 && match_placeholder(rest(run), whole_)) {
                write_backslashes(left_in_backquotes(run));
                at_ += run;
            } else if (!take_hole(ShellContext::kSingleQuoted)) {
                copy(1);
            }
        }
        copy(1);
    }

    void take_ansi_quoted() {
        copy(2);
        while (!rest().empty() && !looking_at("'")) {
            if (match_placeholder(rest(), whole_)) {
                throw UsageError("a placeholder cannot stand inside $'…'; use '…' or \"…\"");
            }
            copy(looking_at("\\") ? 2 : 1);
        }
        copy(1);
        word_start_ = false;
    }

    // --- here-documents ---

    void take_less_than() {
        if (looking_at("<<<")) {
            copy(3);
        } else if (looking_at("<<")) {
            pending_.push_back(HereDocument::parse(rest()));
            copy(pending_.back().length);
        } else {
            copy(1);
        }
    }

    void take_here_documents() {
        for (const HereDocument& document : std::exchange(pending_, {})) {
            const std::size_t end = at_ + document.body_length(rest());
            if (document.quoted) {
                take_literal_body(end);
            } else {
                const ShellFrames outside = frames_;
                frames_.push(FrameKind::kHereDocument);
                lex_until(end);
                frames_ = outside;
            }
            copy(std::min(rest().find('\n'), rest().size() - 1) + 1);
        }
    }

    void take_literal_body(std::size_t end) {
        while (at_ < end) {
            if (match_placeholder(rest(), whole_)) {
                throw UsageError(
                    "a placeholder cannot stand in a here-document whose delimiter is quoted");
            }
            copy(1);
        }
    }

    std::string_view text_;
    std::string_view whole_;
    std::size_t at_ = 0;
    ShellFrames frames_;
    std::size_t condition_end_ = 0;  // of the last [[ … ]] that compares numbers
    std::vector<HereDocument> pending_;
    bool word_start_ = true;
    std::string literal_;
    std::vector<ShellPiece> pieces_;
};

}  // namespace

std::vector<ShellPiece> lex_shell(std::string_view text, std::string_view whole) {
    return ShellLexer(text, whole).lex();
}

}  // namespace aiomisc::cli
