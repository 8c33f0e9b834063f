// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/shell_lexer.h>

#include "support/catch.h"

#include <aiomisc/cli/options/usage_error.h>

using namespace aiomisc::cli;

namespace {

/// The text with each hole shown as its context: U, D, S, H or A, with ` if backquoted.
std::string contexts(std::string_view text) {
    std::string shown;
    for (const ShellPiece& piece : lex_shell(text, PlaceholderSet())) {
        if (const auto* literal = std::get_if<std::string>(&piece)) {
            shown += *literal;
            continue;
        }
        const auto& hole = std::get<ShellHole>(piece);
        shown += "<";
        shown += "UDSHA"[static_cast<int>(hole.context)];
        shown += hole.backquoted ? "`>" : ">";
    }
    return shown;
}

}  // namespace

TEST_CASE("the quoting around a placeholder is found", "[cli][template][S17]") {
    REQUIRE(contexts("echo {} \"{}\" '{}' {}") == "echo <U> \"<D>\" '<S>' <U>");
    REQUIRE(contexts("a\"b'{}\"{}") == "a\"b'<D>\"<U>");
    REQUIRE(contexts("'a\"{}'{}") == "'a\"<S>'<U>");
    REQUIRE(contexts("\\'{}\\\"{}") == "\\'<U>\\\"<U>");
    REQUIRE(contexts("\"\\\"{}\"{}") == "\"\\\"<D>\"<U>");
    REQUIRE(contexts("'\\'{}") == "'\\'<U>");
}

TEST_CASE("nested commands start with fresh quoting", "[cli][template][S17]") {
    REQUIRE(contexts("\"$(a {} \"{}\")\" {}") == "\"$(a <U> \"<D>\")\" <U>");
    REQUIRE(contexts("\"$( (a; {}) )\"{}") == "\"$( (a; <U>) )\"<U>");
    REQUIRE(contexts("\"`a {} '{}'`{}\"") == "\"`a <U`> '<S`>'`<D>\"");
    REQUIRE(contexts("(a {}) {}") == "(a <U>) <U>");
    REQUIRE(contexts("${x:-{}} \"${x:-{}}\" {}") == "${x:-<U>} \"${x:-<D>}\" <U>");
    REQUIRE(contexts("${x#'}'} {}") == "${x#'}'} <U>");
}

TEST_CASE("arithmetic is told from commands in parentheses", "[cli][template][S17]") {
    REQUIRE(contexts("$(({} + (1*{}))) {}") == "$((<A> + (1*<A>))) <U>");
    REQUIRE(contexts("(({} > 1)) && {}") == "((<A> > 1)) && <U>");
    REQUIRE(contexts("((echo {}); echo {})") == "((echo <U>); echo <U>)");
    REQUIRE(contexts("\"$(({}))\"") == "\"$((<A>))\"");
    REQUIRE(contexts("$(( $(echo {}) ))") == "$(( $(echo <U>) ))");
}

TEST_CASE("wherever a shell evaluates numbers is arithmetic", "[cli][template][S17]") {
    REQUIRE(contexts("$[{}+1] {}") == "$[<A>+1] <U>");
    REQUIRE(contexts("${x[{}]} \"${#x[{}]:-{}}\" {}") == "${x[<A>]} \"${#x[<A>]:-<D>}\" <U>");
    REQUIRE(contexts("${x:{}:2} ${x: -{}} ${x:-{}}") == "${x:<A>:2} ${x: -<A>} ${x:-<U>}");
    REQUIRE(contexts("${x#{}} ${x//:/{}} ${x:=a:{}}") == "${x#<U>} ${x//:/<U>} ${x:=a:<U>}");
    const auto evaluated = [](std::string_view text) {
        std::string flags;
        for (const ShellPiece& piece : lex_shell(text, PlaceholderSet())) {
            if (const auto* hole = std::get_if<ShellHole>(&piece)) {
                flags += hole->evaluated ? 'e' : '-';
            }
        }
        return flags;
    };
    REQUIRE(evaluated("{} $(({})) {}") == "-e-");
    REQUIRE(evaluated("[[ {} -gt \"{}\" ]] && echo {}") == "ee-");
    REQUIRE(evaluated("[[ {} == a ]] && [ {} -eq 1 ]") == "--");
}

TEST_CASE("comments and here-documents are seen", "[cli][template][S17]") {
    REQUIRE(contexts("a # it's {}\n{}") == "a # it's {}\n<U>");
    REQUIRE(contexts("a#b {}") == "a#b <U>");
    REQUIRE(contexts("cat <<E {}\nit's \"{}\"\nE\n{}") == "cat <<E <U>\nit's \"<H>\"\nE\n<U>");
    REQUIRE(contexts("cat <<-E\n\t{}\n\tE\n{}") == "cat <<-E\n\t<H>\n\tE\n<U>");
    REQUIRE(
        contexts("cat <<A <<B\n{}\nA\n$(x {})\nB\n{}") == "cat <<A <<B\n<H>\nA\n$(x <U>)\nB\n<U>");
    REQUIRE(contexts("cat <<'E'\nplain\nE\n{}") == "cat <<'E'\nplain\nE\n<U>");
    REQUIRE(contexts("cat <<<{}") == "cat <<<<U>");
    REQUIRE_THROWS_AS(contexts("cat <<'E'\n{}\nE\n"), UsageError);
    REQUIRE_THROWS_AS(contexts("cat <<\\E\n{}\nE\n"), UsageError);
}

TEST_CASE(
    "a backslash or dollar before a placeholder does not reach what is written there",
    "[cli][template][S17]") {
    REQUIRE(contexts("\\{}") == "<U>");
    REQUIRE(contexts("\"\\{}\"") == "\"\\\\<D>\"");
    REQUIRE(contexts("'\\{}'") == "'\\<S>'");
    REQUIRE(contexts("\\\\{}") == "\\\\<U>");
    const auto pieces =
        lex_shell("$,, \"$,,\" $$,, '$,,'", PlaceholderSet({.placeholder = ",,"}, {}, 1));
    std::string literals;
    for (const auto& piece : pieces) {
        if (const auto* literal = std::get_if<std::string>(&piece)) {
            literals += *literal;
        }
    }
    REQUIRE(literals == "\\$ \"\\$\" $$ '$'");
}

TEST_CASE("${ belongs to the shell", "[cli][template]") {
    REQUIRE(contexts("${1} ${#} \"${1}\" '${1}'") == "${1} ${#} \"${1}\" '$<S>'");
}

TEST_CASE("a placeholder in $'…' is refused", "[cli][template]") {
    REQUIRE_THROWS_AS(contexts("echo $'a {}'"), UsageError);
    REQUIRE(contexts("echo $'it\\'s' {}") == "echo $'it\\'s' <U>");
}

TEST_CASE(
    "text that no shell would take does not confuse the lexer beyond its end", "[cli][template]") {
    for (const char* text : {"\"{}", "'{}", "`{}",     "$({}", "${x{}",  "$(({}",    "\\", "{}\\",
                             "<<",   "<<E", "<<E\n{}", ")))",  "}",      "\"`\"{}`", "$",  "$(",
                             "((",   "#",   "<<-'",    "$'",   "`\"`{}", "<<`\n`{}"}) {
        CAPTURE(text);
        REQUIRE_NOTHROW(lex_shell(text, PlaceholderSet()));
    }
}
