// SPDX-License-Identifier: MIT

// Tracks just enough of the shell's grammar to know the quoting at every character. States that
// nest are frames on a stack: "…" may hold $(…), which holds unquoted text again, and so on. '…',
// comments and here-documents do not nest and are taken in one go.
//
// Items are never put into text with a construct that could be misread here, only references to
// variables that hold them: that can break a template but cannot turn an item into code. The one
// place where a shell evaluates the value of a variable is arithmetic, hence
// ShellContext::kArithmetic.

#include <aiomisc/cli/template/shell_lexer.h>

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/template/here_document.h>
#include <aiomisc/cli/template/shell_arithmetic.h>
#include <aiomisc/cli/template/shell_case.h>
#include <aiomisc/cli/template/shell_frames.h>

#include <algorithm>
#include <utility>

namespace aiomisc::cli {
namespace {

constexpr std::string_view kBlanks = " \t\n";

bool is_one_of(char c, std::string_view characters) {
    return characters.find(c) != std::string_view::npos;
}

bool is_name_character(char c) {
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

class ShellLexer {
public:
    ShellLexer(std::string_view text, const PlaceholderSet& placeholders)
        : text_(text), placeholders_(placeholders) {}

    ShellText lex(bool with_words) {
        wants_words_ = with_words;
        begin_words();
        lex_until(text_.size());
        end_literal();
        end_word();
        return {std::move(pieces_), outermost(std::move(words_)), certain_};
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

    [[nodiscard]] bool hole_follows() const { return placeholders_.match(rest(1)).has_value(); }

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
        const auto match = placeholders_.match(rest());
        if (!match) {
            return false;
        }
        note_name_before(context);
        end_literal();
        pieces_.emplace_back(ShellHole{
            .placeholder = match->placeholder,
            .context = context,
            .evaluated = context == ShellContext::kArithmetic || at_ < evaluated_end_});
        if (wants_words_ && match->placeholder.takes_all_items()) {
            frames_.innermost_with_words().word_has_hole = true;
        }
        at_ += match->length;
        word_start_ = false;
        return true;
    }

    // --- what values may not be written into ---

    static bool is_certain(FrameKind kind) {
        return kind == FrameKind::kParenthesis || kind == FrameKind::kDouble ||
               kind == FrameKind::kParameter || kind == FrameKind::kArithmetic ||
               kind == FrameKind::kArithmeticParenthesis;
    }

    /// Written behind `$name`, a value would be the rest of the name.
    void note_name_before(ShellContext context) {
        std::size_t name = literal_.size();
        while (name > 0 && is_name_character(literal_[name - 1])) {
            --name;
        }
        const bool follows_dollar = name < literal_.size() && name > 0 && literal_[name - 1] == '$';
        if (frames_.top().kind == FrameKind::kParameter ||
            (follows_dollar && context != ShellContext::kSingleQuoted)) {
            certain_ = false;
        }
    }

    void note_uncertain() {
        const char next = text_[at_];
        const FrameKind kind = frames_.top().kind;
        const bool in_name = is_name_character(next);
        if (looking_at("\\\n") || (kind == FrameKind::kParameter && !in_name && next != '}')) {
            certain_ = false;
        }
        // A ) alone makes commands of what began like arithmetic.
        const bool ends_list = kind == FrameKind::kArithmetic && next == ')' && !looking_at("))");
        if (in_arithmetic_frame() && ((!in_name && !is_one_of(next, " +-*/%()")) || ends_list)) {
            certain_ = false;
        }
    }

    // --- words to repeat ---

    void begin_words() {
        if (wants_words_) {
            end_literal();
            frames_.top().has_words = true;
            frames_.top().word_begin = pieces_.size();
        }
    }

    void end_word() {
        Frame& frame = frames_.top();
        if (!frame.has_words) {
            return;
        }
        end_literal();
        if (std::exchange(frame.word_has_hole, false)) {
            words_.push_back({frame.word_begin, pieces_.size()});
        }
        frame.word_begin = pieces_.size();
    }

    /// Takes characters that stand between words.
    void copy_between_words(std::size_t count) {
        end_word();
        copy(count);
        if (frames_.top().has_words) {
            begin_words();
        }
    }

    /// Whether there are blanks before the quote that closes this one, nearly: one in a command
    /// inside the quotes counts as well.
    [[nodiscard]] bool has_blanks_before(char quote) const {
        const std::string_view quoted = rest(1).substr(0, rest(1).find(quote));
        return quoted.find_first_of(kBlanks) != std::string_view::npos;
    }

    static bool starts_commands(FrameKind kind) {
        return kind == FrameKind::kParenthesis || kind == FrameKind::kSubstitution ||
               kind == FrameKind::kBackquote || kind == FrameKind::kHereDocument;
    }

    static std::vector<ShellWord> outermost(std::vector<ShellWord> words) {
        std::ranges::sort(words, [](const ShellWord& a, const ShellWord& b) {
            return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
        });
        std::size_t end = 0;
        std::erase_if(words, [&end](const ShellWord& word) {
            return word.begin < std::exchange(end, std::max(end, word.end));
        });
        return words;
    }

    // --- frames ---

    void push(FrameKind kind, std::size_t opener) {
        const bool has_words =
            starts_commands(kind) || (kind == FrameKind::kDouble && has_blanks_before('"'));
        copy(opener);
        certain_ = certain_ && is_certain(kind);
        frames_.push(kind);
        if (has_words) {
            begin_words();
        }
        word_start_ = true;
    }

    void pop(std::size_t closer) {
        end_word();
        copy(closer);
        frames_.pop();
        word_start_ = false;
    }

    /// Leaves the frame if its end is here, or takes one character.
    void pop_at(std::string_view closer) { looking_at(closer) ? pop(closer.size()) : copy(1); }

    void take_by_frame() {
        note_uncertain();
        if (take_expansion()) {
            return;
        }
        if (in_arithmetic_frame() && looking_at("\"")) {
            push(FrameKind::kDouble, 1);
            return;
        }
        switch (frames_.top().kind) {
            case FrameKind::kHereDocument:
                take_text();
                break;
            case FrameKind::kDouble:
                looking_at("\"") ? pop(1) : take_text();
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

    [[nodiscard]] bool in_arithmetic_frame() const {
        const FrameKind kind = frames_.top().kind;
        return kind == FrameKind::kOffset || kind == FrameKind::kArithmetic ||
               kind == FrameKind::kArithmeticParenthesis || kind == FrameKind::kArithmeticBracket;
    }

    void take_text() { is_one_of(text_[at_], kBlanks) ? copy_between_words(1) : copy(1); }

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
        if (!placeholders_.match(rest(run))) {
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
            take_parameter_start();
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

    // The length, or an indirection, and a parameter whose name is not of letters.
    void take_parameter_start() {
        certain_ = certain_ && !rest().empty() && is_name_character(rest().front());
        if (looking_at("!") || looking_at("#")) {
            copy(1);
        }
        const std::string_view next = rest();
        const bool special = !next.empty() && is_one_of(next[0], "@*#?-$!");
        const bool first = text_[at_ - 1] == '{';
        if (special && !placeholders_.match(next) && (first || next.substr(1).starts_with(':'))) {
            copy(1);
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
            const bool in_name = is_name_character(text_[at_]);
            copy(looking_at(":") ? 2 : 1);
            frames_.top().in_word = !in_name;
        }
    }

    // --- unquoted text ---

    // bash evaluates some words that look like any other.
    void note_evaluated() {
        std::size_t length = 0;
        if (word_start_) {
            length =
                std::max(numeric_condition_length(rest()), evaluating_command_length(text_, at_));
        }
        const bool in_list = word_start_ && frames_.top().kind == FrameKind::kParenthesis;
        if (looking_at("[") && (in_list || (at_ > 0 && is_name_character(text_[at_ - 1])))) {
            length = std::max(length, assigned_index_length(rest()));
        }
        evaluated_end_ = std::max(evaluated_end_, at_ + length);
    }

    void note_case() {
        if (word_start_ && opens_case(text_, at_)) {
            ++frames_.top().cases;
        } else if (word_start_ && frames_.top().cases > 0 && closes_case(text_, at_)) {
            --frames_.top().cases;
        }
    }

    void take_unquoted() {
        note_evaluated();
        note_case();
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
                end_word();
                certain_ = certain_ && !looking_at("((");  // see opens_arithmetic()
                opens_arithmetic(rest()) ? push(FrameKind::kArithmetic, 2)
                                         : push(FrameKind::kParenthesis, 1);
                return;
            case ')':
                take_closing_parenthesis();
                word_start_ = true;
                return;
            case '[':
                copy(1);
                word_start_ = false;
                return;
            case '#':
                certain_ = false;
                copy(word_start_ ? rest().find('\n') : 1);
                word_start_ = false;
                return;
            case '<':
                end_word();
                take_less_than();
                begin_words();
                word_start_ = true;
                return;
            case '\n':
                copy_between_words(1);
                take_here_documents();
                word_start_ = true;
                return;
            default:
                word_start_ = is_one_of(next, " \t;|&>");
                word_start_ ? copy_between_words(1) : copy(1);
        }
    }

    void take_closing_parenthesis() {
        const FrameKind kind = frames_.top().kind;
        const bool is_list = kind == FrameKind::kParenthesis;
        if (frames_.top().cases > 0 || (!is_list && kind != FrameKind::kSubstitution)) {
            copy_between_words(1);  // the end of a pattern
            return;
        }
        pop(1);
        if (is_list) {
            end_word();  // what comes behind is another one
        }
    }

    void take_single_quoted() {
        const bool has_words = wants_words_ && has_blanks_before('\'');
        copy(1);
        word_start_ = false;
        if (has_words) {
            frames_.push(FrameKind::kSingle);
            begin_words();
        }
        take_until_single_quote();
        if (has_words) {
            end_word();
            frames_.pop();
        }
        copy(1);
    }

    void take_until_single_quote() {
        while (!rest().empty() && !looking_at("'")) {
            const std::size_t run = std::min(rest().find_first_not_of('\\'), rest().size());
            if (run > 0 && placeholders_.match(rest(run))) {
                write_backslashes(left_in_backquotes(run));
                at_ += run;
            } else if (!take_hole(ShellContext::kSingleQuoted)) {
                take_text();
            }
        }
    }

    void take_ansi_quoted() {
        certain_ = false;  // dash takes it for '…'
        copy(2);
        while (!rest().empty() && !looking_at("'")) {
            if (placeholders_.match(rest())) {
                throw UsageError("a placeholder cannot stand inside $'…'; use '…' or \"…\"");
            }
            copy(looking_at("\\") ? 2 : 1);
        }
        copy(1);
        word_start_ = false;
    }

    // --- here-documents ---

    void take_less_than() {
        certain_ = certain_ && !looking_at("<<");
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
                begin_words();
                lex_until(end);
                end_word();
                frames_ = outside;
            }
            copy(std::min(rest().find('\n'), rest().size() - 1) + 1);
        }
    }

    void take_literal_body(std::size_t end) {
        while (at_ < end) {
            if (placeholders_.match(rest())) {
                throw UsageError(
                    "a placeholder cannot stand in a here-document whose delimiter is quoted");
            }
            copy(1);
        }
    }

    std::string_view text_;
    const PlaceholderSet& placeholders_;
    std::size_t at_ = 0;
    ShellFrames frames_;
    std::size_t evaluated_end_ = 0;  // of what is evaluated without being in a frame for that
    std::vector<HereDocument> pending_;
    bool word_start_ = true;
    bool certain_ = true;
    bool wants_words_ = false;
    std::string literal_;
    std::vector<ShellPiece> pieces_;
    std::vector<ShellWord> words_;
};

}  // namespace

ShellText lex_shell(std::string_view text, const PlaceholderSet& placeholders, bool with_words) {
    return ShellLexer(text, placeholders).lex(with_words);
}

}  // namespace aiomisc::cli
