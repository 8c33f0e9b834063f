// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/shell_lexer.h>

#include "support/catch.h"

#include <aiomisc/cli/options/usage_error.h>

using namespace aiomisc::cli;

namespace {

/// The text with each hole shown as its context: U, D, S, H or A.
std::string contexts(std::string_view text) {
    std::string shown;
    const ShellText lexed = lex_shell(text, PlaceholderSet());
    for (const ShellPiece& piece : lexed.pieces) {
        if (const auto* literal = std::get_if<std::string>(&piece)) {
            shown += *literal;
            continue;
        }
        const auto& hole = std::get<ShellHole>(piece);
        shown += "<";
        shown += "UDSHA"[static_cast<int>(hole.context)];
        shown += ">";
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
    REQUIRE(contexts("\"`a {} '{}'`{}\"") == "\"`a <U> '<S>'`<D>\"");
    REQUIRE(contexts("(a {}) {}") == "(a <U>) <U>");
    REQUIRE(contexts("${x:-{}} \"${x:-{}}\" {}") == "${x:-<U>} \"${x:-<D>}\" <U>");
    REQUIRE(contexts("${x#'}'} {}") == "${x#'}'} <U>");
}

TEST_CASE("a pattern of a case ends no command that is nested", "[cli][template][S17]") {
    REQUIRE(
        contexts("\"$(case {} in *.gz) a {};; *) b {} \"{}\";; esac)\" {}") ==
        "\"$(case <U> in *.gz) a <U>;; *) b <U> \"<D>\";; esac)\" <U>");
    REQUIRE(
        contexts("\"$(case x in a) case y in b) {};; esac;; (c) {} esac; {})\"{}\"\"") ==
        "\"$(case x in a) case y in b) <U>;; esac;; (c) <U> esac; <U>)\"<D>\"\"");
    REQUIRE(
        contexts("\"$(if a; then case x in\na) (b {});;\nesac fi; c {})\"") ==
        "\"$(if a; then case x in\na) (b <U>);;\nesac fi; c <U>)\"");
    REQUIRE(contexts("\"$(case x in esac)\"{}") == "\"$(case x in esac)\"<U>");
    REQUIRE(contexts("\"$(echo case esac {})\"{}") == "\"$(echo case esac <U>)\"<U>");
    REQUIRE(contexts("\"$(case=x; a {})\"{}") == "\"$(case=x; a <U>)\"<U>");
}

TEST_CASE("only simple text is certain", "[cli][template][S17]") {
    for (const char* text :
         {"echo {} \"{}\" '{}' \\{} a\\ b",
          "echo \"$HOME/{}\" ${HOME}{} $1 $$ $# \"$@\"",
          "(a {}; b) && c | d >{} 2>&1 &",
          "case {} in (*.a) x;; *) \"{}\";; esac",
          "awk '{ print $2 }{}' {}",
          "sleep 0.$(({} * (5 + n) % -{2})) {}",
          "for i in a b; do echo \"$i\" {}; done"}) {
        CAPTURE(text);
        CHECK(lex_shell(text, PlaceholderSet()).certain);
    }
    for (const char* text :
         {"echo $((1) )", "$((x[1]))",   "$((\"1\"))",    "$(($(a)))", "$((a;b))",  "$(('1'))",
          "echo $(a)",    "echo `a`",    "echo $[1]",     "((1))",     "echo $'a'", "cat <<E",
          "cat <<<a",     "echo # {}",   "echo \\\n# {}", "${x:-{}}",  "${x#a}",    "${#x}",
          "${!x}",        "\"${x[1]}\"", "\"$(a)\"",      "\"`a`\"",   "${x$y}",    "echo $x{}",
          "\"$x_1{}\"",   "${x\"a\"}",   "((a); b)",      "${x {}",    "${"}) {
        CAPTURE(text);
        CHECK_FALSE(lex_shell(text, PlaceholderSet()).certain);
    }
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
        const ShellText lexed = lex_shell(text, PlaceholderSet());
        for (const ShellPiece& piece : lexed.pieces) {
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
    const ShellText lexed =
        lex_shell("$,, \"$,,\" $$,, '$,,'", PlaceholderSet({.placeholder = ",,"}, {}, 1));
    std::string literals;
    for (const auto& piece : lexed.pieces) {
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
