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

#include <algorithm>
#include <utility>

namespace aiomisc::cli {
namespace {

enum class Frame {
    kTop,
    kParenthesis,   // ( … )
    kSubstitution,  // $( … )
    kBackquote,     // ` … `
    kDouble,        // " … "
    kParameter,     // ${ … }
    kArithmetic,    // $(( … )) or (( … ))
    kHereDocument,  // the body
};

struct HereDocument {
    std::string delimiter;
    bool quoted = false;
    bool strip_tabs = false;
};

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
            if (!take_hole(context())) {
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
            .backquoted = backquoted(),
            .in_parameter = frame() == Frame::kParameter});
        at_ += match->length;
        word_start_ = false;
        return true;
    }

    // --- frames ---

    [[nodiscard]] Frame frame() const { return frames_.back(); }

    void push(Frame frame, std::size_t opener) {
        copy(opener);
        frames_.push_back(frame);
        word_start_ = true;
    }

    void pop(std::size_t closer) {
        copy(closer);
        frames_.pop_back();
        word_start_ = false;
    }

    [[nodiscard]] bool backquoted() const {
        return std::find(frames_.begin(), frames_.end(), Frame::kBackquote) != frames_.end();
    }

    [[nodiscard]] ShellContext context() const {
        for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
            switch (*frame) {
                case Frame::kParameter:
                    continue;  // as what is around it
                case Frame::kDouble:
                    return ShellContext::kDoubleQuoted;
                case Frame::kArithmetic:
                    return ShellContext::kArithmetic;
                case Frame::kHereDocument:
                    return ShellContext::kHereDocument;
                default:
                    return ShellContext::kUnquoted;
            }
        }
        return ShellContext::kUnquoted;
    }

    void take_by_frame() {
        if (take_expansion()) {
            return;
        }
        switch (frame()) {
            case Frame::kHereDocument:
                copy(1);
                break;
            case Frame::kDouble:
                looking_at("\"") ? pop(1) : copy(1);
                break;
            case Frame::kParameter:
                take_in_parameter();
                break;
            case Frame::kArithmetic:
                take_in_arithmetic();
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
        const std::size_t count = behind_backquotes(run);
        const bool unquoted = context() == ShellContext::kUnquoted;
        write_backslashes(unquoted ? count / 2 * 2 : (count + 1) / 2 * 2);
        at_ += run;
    }

    // What is left of a run of backslashes when `…` has taken its level off, and the other way
    // round. The last of an odd run stays before a character that is not special there.
    [[nodiscard]] std::size_t behind_backquotes(std::size_t run) const {
        return backquoted() ? (run + 1) / 2 : run;
    }

    void write_backslashes(std::size_t count) {
        literal_.append(backquoted() ? 2 * count : count, '\\');
    }

    void take_dollar() {
        word_start_ = false;
        if (looking_at("$((")) {
            push(Frame::kArithmetic, 3);
        } else if (looking_at("$(")) {
            push(Frame::kSubstitution, 2);
        } else if (looking_at("${")) {
            push(Frame::kParameter, 2);
        } else if (looking_at("$'") && context() == ShellContext::kUnquoted) {
            take_ansi_quoted();
        } else if (hole_follows()) {
            write_backslashes(1);
            copy(1);
        } else {
            const std::string_view next = rest(1).substr(0, 1);
            const bool special = !next.empty() && std::string_view("$!?#@*-").find(next[0]) !=
                                                      std::string_view::npos;
            copy(special ? 2 : 1);
        }
    }

    void take_backquote() {
        if (!backquoted()) {
            push(Frame::kBackquote, 1);
            return;
        }
        while (frame() != Frame::kBackquote) {
            frames_.pop_back();
        }
        pop(1);
    }

    void take_in_parameter() {
        if (looking_at("}")) {
            pop(1);
        } else if (looking_at("\"")) {
            push(Frame::kDouble, 1);
        } else if (looking_at("'") && context() == ShellContext::kUnquoted) {
            take_single_quoted();
        } else {
            copy(1);
        }
    }

    void take_in_arithmetic() {
        if (looking_at("(")) {
            push(Frame::kArithmetic, 1);
            arithmetic_parentheses_.push_back(frames_.size());
        } else if (looking_at(")")) {
            const bool inner = !arithmetic_parentheses_.empty() &&
                               arithmetic_parentheses_.back() == frames_.size();
            if (inner) {
                arithmetic_parentheses_.pop_back();
            }
            pop(inner ? 1 : 2);
        } else {
            copy(1);
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
                push(Frame::kDouble, 1);
                word_start_ = false;
                return;
            case '(':
                is_arithmetic_command() ? push(Frame::kArithmetic, 2)
                                        : push(Frame::kParenthesis, 1);
                return;
            case ')':
                frame() == Frame::kTop || frame() == Frame::kBackquote ? copy(1) : pop(1);
                word_start_ = true;
                return;
            case '#':
                copy(word_start_ ? rest().find('\n') : 1);
                word_start_ = false;
                return;
            case '<':
                looking_at("<<<") ? copy(3) : looking_at("<<") ? take_here_operator() : copy(1);
                word_start_ = true;
                return;
            case '\n':
                copy(1);
                take_here_documents();
                word_start_ = true;
                return;
            default:
                copy(1);
                word_start_ = std::string_view(" \t;|&>").find(next) != std::string_view::npos;
        }
    }

    void take_single_quoted() {
        copy(1);
        word_start_ = false;
        while (!rest().empty() && !looking_at("'")) {
            const std::size_t run = std::min(rest().find_first_not_of('\\'), rest().size());
            if (run > 0 && match_placeholder(rest(run), whole_)) {
                write_backslashes(behind_backquotes(run));
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

    // `((` opens arithmetic if its parentheses close together, a subshell in a subshell if not.
    [[nodiscard]] bool is_arithmetic_command() const {
        if (!looking_at("((")) {
            return false;
        }
        int depth = 2;
        for (std::size_t index = at_ + 2; index < text_.size(); ++index) {
            depth += text_[index] == '(' ? 1 : text_[index] == ')' ? -1 : 0;
            if (depth == 1) {
                return text_.substr(index).starts_with("))");
            }
        }
        return false;
    }

    // --- here-documents ---

    void take_here_operator() {
        copy(2);
        HereDocument document{.strip_tabs = looking_at("-")};
        copy(document.strip_tabs ? 1 : 0);
        while (looking_at(" ") || looking_at("\t")) {
            copy(1);
        }
        char quote = '\0';
        while (!rest().empty()) {
            const char next = text_[at_];
            if (quote == '\0' &&
                std::string_view(" \t\n;&|<>()").find(next) != std::string_view::npos) {
                break;
            }
            if (next == quote) {
                quote = '\0';
            } else if (quote == '\0' && (next == '\'' || next == '"')) {
                quote = next;
                document.quoted = true;
            } else if (quote == '\0' && next == '\\') {
                document.quoted = true;
            } else {
                document.delimiter += next;
            }
            copy(1);
        }
        pending_.push_back(std::move(document));
    }

    void take_here_documents() {
        for (const HereDocument& document : std::exchange(pending_, {})) {
            const std::size_t end = find_end(document);
            if (document.quoted) {
                take_literal_body(end);
            } else {
                const std::size_t depth = frames_.size();
                frames_.push_back(Frame::kHereDocument);
                lex_until(end);
                frames_.resize(depth);
            }
            copy(
                rest().find('\n') == std::string_view::npos ? rest().size()
                                                            : rest().find('\n') + 1);
        }
    }

    // Where the line with the delimiter begins.
    [[nodiscard]] std::size_t find_end(const HereDocument& document) const {
        for (std::size_t line = at_; line < text_.size();) {
            const std::size_t newline = std::min(text_.find('\n', line), text_.size());
            std::string_view content = text_.substr(line, newline - line);
            while (document.strip_tabs && content.starts_with('\t')) {
                content.remove_prefix(1);
            }
            if (content == document.delimiter) {
                return line;
            }
            line = newline + 1;
        }
        return text_.size();
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
    std::vector<Frame> frames_{Frame::kTop};
    std::vector<std::size_t> arithmetic_parentheses_;  // depths of ( … ) within arithmetic
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
