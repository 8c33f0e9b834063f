// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/shell_template.h>

#include "support/catch.h"
#include "support/process.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/template/shell_quote.h>
#include <aiomisc/runtime/base/error.h>

#include <filesystem>
#include <random>

using namespace aiomisc::cli;
using aiomisc::test::Process;

namespace {

const std::vector<std::string> kHostile = {
    "a  b",
    "$HOME",
    "*",
    "it's",
    "\"q\"",
    ";ls",
    "-n",
    "\\",
    "\n",
    "",
    "$(touch pwned)",
    "`touch pwned`",
    "';touch pwned;'",
    "\";touch pwned;\"",
    "${x}",
    "a\\",
    "#",
    "~",
    "&",
    "|",
    "x\ny",
    "\ttab",
    "}a{",
    "'\\''",
    "$1",
    "\\$(touch pwned)",
    "\\`touch pwned\\`",
    "a'\"b",
    "{}",
    "\x01\x80\xff"};

/// What a shell prints; its complaints about broken templates are not for us.
std::string run_quietly(std::vector<std::string> command) {
    command.insert(command.begin(), {"/bin/sh", "-c", "exec \"$@\" 2>/dev/null </dev/null", "-"});
    return Process::start(command).read_all();
}

std::string run_shell(const std::string& shell, const ShellScript& script) {
    std::vector<std::string> argv{shell, "-c", script.script, "test"};
    argv.insert(argv.end(), script.values.begin(), script.values.end());
    return run_quietly(argv);
}

std::string run_text(const std::string& shell, const std::string& text) {
    return run_quietly({shell, "-c", text});
}

/// Every item, each given once as a bracketed argument.
std::string brackets(const std::vector<std::string>& values) {
    std::string text;
    for (const auto& value : values) {
        text += "<" + value + ">";
    }
    return text;
}

const std::vector<std::string> kPayloads = {
    "$(touch pwned)",
    "`touch pwned`",
    "';touch pwned;'",
    "\";touch pwned;\"",
    "a[$(touch pwned)]",
    "\n touch pwned\n",
    ";touch pwned",
    ") touch pwned (",
    "};touch pwned;{",
    "E\ntouch pwned",
    "')`touch pwned`",
    "\\\";touch pwned;"};

/// dash and bash in turn, where there is a bash.
std::string any_shell(int round) {
    return round % 2 == 0 && std::filesystem::exists("/bin/bash") ? "/bin/bash" : "/bin/sh";
}

/// Well-formed words of a shell, nested at random.
class TemplateMaker {
public:
    explicit TemplateMaker(std::mt19937& random) : random_(&random) {}

    std::string words(int depth) {
        std::string text = word(depth);
        for (auto left = pick(3); left > 0; --left) {
            text += (pick(2) == 0 ? " " : "") + word(depth);
        }
        return text;
    }

private:
    unsigned pick(unsigned count) { return static_cast<unsigned>((*random_)() % count); }

    std::string word(int depth) {
        switch (pick(depth > 0 ? 9 : 6)) {
            case 0:
                return "'a \"{}$ b'";
            case 5:
                return std::string(pick(5), '\\') + "{}";
            case 1:
                return "\\{}";
            case 2:
                return "${none:-{}}";
            case 3:
                return "x{}y";
            case 4:
                return "{}";
            case 6:
                return "$(echo " + words(depth - 1) + ")";
            case 7:
                return backquoted(depth);
            default:
                return "\"" + quoted(depth - 1) + "\"";
        }
    }

    std::string quoted(int depth) {
        std::string text;
        for (auto left = 1 + pick(3); left > 0; --left) {
            switch (pick(depth > 0 ? 7 : 4)) {
                case 0:
                    text += "it's ";
                    break;
                case 1:
                    text += "{}";
                    break;
                case 2:
                    text += "${none:-{}}";
                    break;
                case 3:
                    text += std::string(pick(5), '\\') + "{}";
                    break;
                case 4:
                    text += "$(echo " + words(depth - 1) + ")";
                    break;
                case 5:
                    text += "$(case {} in x) :;; *) echo " + words(depth - 1) + ";; esac)";
                    break;
                default:
                    text += backquoted(depth);
            }
        }
        return text;
    }

    // A backquote inside backquotes would end them.
    std::string backquoted(int depth) {
        if (in_backquotes_) {
            return "{}";
        }
        in_backquotes_ = true;
        std::string text = "`echo " + words(depth - 1) + "`";
        in_backquotes_ = false;
        return text;
    }

    std::mt19937* random_;
    bool in_backquotes_ = false;
};

}  // namespace

TEST_CASE("the script refers to variables, never to items", "[cli][template][S17]") {
    const ShellTemplate script("echo \"{}\" '{.}' {}", PlaceholderSet());
    const ShellScript filled = script.fill({.seq = 1, .items = {"$(x).jpg"}}, 1);
    REQUIRE(
        filled.script ==
        "__ar1=${1};__ar2=${2};set --;echo \"${__ar1}\" ''\"${__ar2}\"'' \"${__ar1}\"");
    REQUIRE(filled.values == std::vector<std::string>{"$(x).jpg", "$(x)"});
    REQUIRE(
        script.text({.seq = 1, .items = {"$(x).jpg"}}, 1) ==
        "echo \"\\$(x).jpg\" '$(x)' '$(x).jpg'");
}

TEST_CASE(
    "hostile items arrive byte for byte in every kind of quoting", "[cli][template][S17][L27]") {
    const char* const text = GENERATE(
        "printf '<%s>' {}",
        "printf '<%s>' \"{}\"",
        "printf '<%s>' '{}'",
        "printf '<%s>' \"\"{}''",
        "x={}; printf '<%s>' \"$x\"",
        "printf '<%s>' \"${none:-{}}\"",
        "printf \"<%s>\" \\{}");
    const ShellTemplate script(text, PlaceholderSet());
    for (const std::string& item : kHostile) {
        const JobInput input{.seq = 1, .items = {item}};
        CAPTURE(text, item);
        REQUIRE(run_shell("/bin/sh", script.fill(input, 1)) == brackets({item}));
        REQUIRE(run_text("/bin/sh", script.text(input, 1)) == brackets({item}));
    }
}

TEST_CASE("what is shown of an item is no syntax around it", "[cli][template][S17]") {
    const auto shown = [](std::string_view text, std::string item) {
        const ShellTemplate script(text, PlaceholderSet());
        return script.text({.seq = 1, .items = {std::move(item)}}, 1);
    };
    CHECK(shown("gzip <{} >{.}.gz", "a b.log") == "gzip <'a b.log' >'a b'.gz");
    CHECK(shown("rm -- {}* $HOME/{} ${x}{}", "a") == "rm -- a* $HOME/a ${x}'a'");
    CHECK(shown("seq {}>out-{}", "2") == "seq '2'>out-2");
    CHECK(shown("echo {} $(({} + 1))", "-2") == "echo -2 $((-2 + 1))");
    CHECK(shown("{}=1 env", "PATH") == "'PATH'=1 env");
    CHECK(shown("ls [{}]x ~{}", "a-c") == "ls ['a-c']x ~'a-c'");
    CHECK(shown("time {}; echo {}s", "do") == "time 'do'; echo 'do's");
    CHECK(shown("echo \"$x{}\"", "1") == "__ar1=1; echo \"$x${__ar1}\"");
    CHECK(shown("echo $(id) {}", "a b") == "__ar1='a b'; echo $(id) \"${__ar1}\"");
}

TEST_CASE("in nested commands hostile items stay data", "[cli][template][S17]") {
    const aiomisc::test::TempDir dir;
    const std::string cd = "cd " + shell_quote(dir.path().string()) + ";";
    const char* const text = GENERATE(
        "printf '<%s>' \"$(printf %s {})\"",
        "printf '<%s>' \"`printf %s {}`\"",
        "printf '<%s>' \"`printf %s \"{}\"`\"",
        "printf '<%s>' \"$(printf %s '{}')\"",
        "cat <<E\n<{}>\nE\n",
        "echo $(echo {})",
        "echo `echo {}`",
        "case {} in *) echo \"{}\";; esac",
        "echo \"$(case {} in *.gz) echo z {};; *) echo {};; esac)\"",
        "(case {} in x) :;; *) echo {};; esac); cat <<E\n$(case y in *) echo {};; esac)\nE\n",
        "echo a \\\n# it's {}\necho {}; x=y; echo \"$x{}\"");
    const ShellTemplate script(cd + text, PlaceholderSet());
    for (const std::string& item : kHostile) {
        const JobInput input{.seq = 1, .items = {item}};
        CAPTURE(text, item);
        const std::string real = run_shell("/bin/sh", script.fill(input, 1));
        REQUIRE(real == run_text("/bin/sh", script.text(input, 1)));
        REQUIRE_FALSE(std::filesystem::exists(dir / "pwned"));
    }
}

TEST_CASE("no garbage of shell fragments runs an item", "[cli][template][S17]") {
    const aiomisc::test::TempDir dir;
    const std::vector<std::string> fragments = {
        "{}",
        "{}",
        "{}",
        " ",
        "'",
        "'",
        "\"",
        "\"",
        "\\",
        "$",
        "`",
        "`",
        "$(",
        ")",
        "(",
        "${x:-",
        "}",
        "$((",
        "))",
        "echo ",
        "a",
        ";",
        "\n",
        "#",
        "\\\n",
        "\nE\n",
        "|",
        "&&",
        "cat ",
        "$x",
        "<<E\n",
        "*) ",
        ";; ",
        "esac",
        "=",
        ">f ",
        "case {} in a) ",
        " + ",
        "$((1 + ",
        "\"$(case x in x) "};
    std::mt19937 random(20240613);
    const std::string cd = "cd " + shell_quote(dir.path().string()) + "\n";
    for (int round = 0; round < 200; ++round) {
        std::string text = cd + "echo ";
        for (auto left = 1 + random() % 12; left > 0; --left) {
            text += fragments[random() % fragments.size()];
        }
        const JobInput input{.seq = 1, .items = {kPayloads[random() % kPayloads.size()]}};
        CAPTURE(round, text, input.items[0]);
        try {
            const ShellTemplate script(text, PlaceholderSet());
            run_shell(any_shell(round), script.fill(input, 1));
            REQUIRE_FALSE(std::filesystem::exists(dir / "pwned"));
            run_text(any_shell(round), script.text(input, 1));
        } catch (const aiomisc::Error&) {
            // Refused: an item in arithmetic, or in a quoted here-document.
        }
        REQUIRE_FALSE(std::filesystem::exists(dir / "pwned"));
    }
}

TEST_CASE(
    "whatever is nested in whatever, what is shown does what is run", "[cli][template][S17]") {
    const aiomisc::test::TempDir dir;
    std::mt19937 random(4711);
    const std::string cd = "cd " + shell_quote(dir.path().string()) + "\n";
    for (int round = 0; round < 120; ++round) {
        const std::string text = cd + "printf '<%s>' " + TemplateMaker(random).words(3);
        const std::string item = round % 2 == 0 ? kPayloads[random() % kPayloads.size()]
                                                : kHostile[random() % kHostile.size()];
        const JobInput input{.seq = 1, .items = {item}};
        const ShellTemplate script(text, PlaceholderSet());
        CAPTURE(round, text, item, script.text(input, 1));
        const std::string real = run_shell(any_shell(round), script.fill(input, 1));
        REQUIRE(real == run_text(any_shell(round), script.text(input, 1)));
        REQUIRE_FALSE(real.empty());
        REQUIRE_FALSE(std::filesystem::exists(dir / "pwned"));
    }
}

TEST_CASE("several items are several words, one word in quotes", "[cli][template][L23]") {
    const JobInput input{.seq = 1, .items = {"a  b", "it's"}};
    const ShellTemplate plain("printf '<%s>' {} \"{}\" '{}' x{}y", PlaceholderSet());
    const std::string expected = "<a  b><it's><a  b it's><a  b it's><xa  b><it'sy>";
    REQUIRE(run_shell("/bin/sh", plain.fill(input, 1)) == expected);
    REQUIRE(run_text("/bin/sh", plain.text(input, 1)) == expected);
}

TEST_CASE("more than nine values reach the script", "[cli][template]") {
    JobInput input{.seq = 1};
    for (int i = 1; i <= 12; ++i) {
        input.items.push_back(std::to_string(i * 11));
    }
    const ShellTemplate script("echo {} {12} {10}", PlaceholderSet());
    REQUIRE(
        run_shell("/bin/sh", script.fill(input, 1)) ==
        "11 22 33 44 55 66 77 88 99 110 121 132 132 110\n");
}

TEST_CASE("positional parameters of the template itself are empty", "[cli][template]") {
    const ShellTemplate script("echo \"[$1][$@][$#]\" {}", PlaceholderSet());
    REQUIRE(run_shell("/bin/sh", script.fill({.seq = 1, .items = {"x"}}, 1)) == "[][][0] x\n");
}

TEST_CASE("variables that carry items are not exported to the job", "[cli][template]") {
    const ShellTemplate script("env | grep -c __ar; : {}", PlaceholderSet());
    REQUIRE(run_shell("/bin/sh", script.fill({.seq = 1, .items = {"x"}}, 1)) == "0\n");
}

TEST_CASE("a placeholder as the command splits into words and is not parsed", "[cli][template]") {
    const ShellTemplate script("{} end", PlaceholderSet());
    const JobInput input{.seq = 1, .items = {"echo a; echo $HOME"}};
    REQUIRE(run_shell("/bin/sh", script.fill(input, 1)) == "a; echo $HOME end\n");
    REQUIRE(run_text("/bin/sh", script.text(input, 1)) == "a; echo $HOME end\n");
}

TEST_CASE("only integers may stand in arithmetic", "[cli][template][S17]") {
    const ShellTemplate script("echo $(({} * 2))", PlaceholderSet());
    REQUIRE(run_shell("/bin/sh", script.fill({.seq = 1, .items = {"21"}}, 1)) == "42\n");
    REQUIRE(run_shell("/bin/sh", script.fill({.seq = 1, .items = {"-0x10"}}, 1)) == "-32\n");
    const ShellTemplate condition("[[ {} -eq 1 ]]", PlaceholderSet());
    REQUIRE_THROWS_AS(
        condition.fill({.seq = 1, .items = {"a[$(touch pwned)]"}}, 1), aiomisc::Error);
    for (const char* item : {"a[$(touch pwned)]", "x", "", "1+1", "-", "0x", "1 2"}) {
        CAPTURE(item);
        REQUIRE_THROWS_AS(script.fill({.seq = 1, .items = {item}}, 1), aiomisc::Error);
        REQUIRE_THROWS_AS(script.text({.seq = 1, .items = {item}}, 1), aiomisc::Error);
    }
}

TEST_CASE(
    "what bash evaluates outside of arithmetic takes integers alone", "[cli][template][S17]") {
    const char* const text = GENERATE(
        // the offset of a parameter whose name is no word
        "set -- a b c; echo ${@:{}}",
        "set -- a b c; echo \"${@:{}}\"",
        "set -- a b c; echo ${*:1:{}}",
        "echo ${?:{}}",
        "echo ${#:{}}",
        "echo ${-:{}}",
        "echo ${!#:{}}",
        // conditions, whatever looks like their end
        "[[ 5 =~ ^[[:digit:]]+$ && {} -eq 1 ]]",
        "[[ $x == \"]]\" || {} -gt 3 ]]",
        "[[ $x == a\\ ]] || {} -gt 3 ]]",
        "[[ 1 -eq 1 && # ]] it's\n {} -eq 1 ]]",
        "[[ $(case x in x) echo 1 ]] ;; esac) -eq {} ]]",
        "[[\n{} -eq 1 ]]",
        "[[({} -eq 1) ]]",
        "[[ -v {} ]]",
        "[[ 1 -eq 1 &&-v {} ]]",
        // parentheses that close nothing
        "(( y = $(echo \")\" | wc -c) + {} ))",
        "(( y = \"$(echo \")\" | wc -c)\" + {} ))",
        "(( $(printf '(') 1 + {} ))",
        "(( $(printf \\() 1 + {} ))",
        "(( $(case x in x) echo 1;; esac) + {} ))",
        "(( y[\"))\"] + {} ))",
        // quotes in there
        "echo $(( ${x:-\"{}\"} ))",
        "echo \"$(( ${x:-\"{}\"} ))\"",
        "y=; echo \"${x:0:${y:-\"{}\"}}\"",
        // indices
        "a[{}]=1",
        "a[ {} ]+=1",
        "a[b[{}]]=1",
        "a['{}']=1",
        "a[\"]{}\"]=1",
        "a=([{}]=1)",
        "a=(x\n[\"{}\"]=1)",
        "declare a[{}]=1",
        // builtins that evaluate their words
        "let y={}",
        "let \"y={}\"",
        "x=1 let y=1 2>&1 z={}",
        "if let 'y = {}'; then :; fi",
        "test -v {}",
        "test -v \"{}\" && :",
        "true && [ ! -v {} ]");
    const ShellTemplate script(text, PlaceholderSet());
    CAPTURE(text);
    const auto refusal = [&](auto&& make) {
        try {
            make();
        } catch (const aiomisc::Error& error) {
            return std::string(error.what());
        }
        return std::string("none");
    };
    const JobInput hostile{.seq = 1, .items = {"x[$(touch pwned)0]"}};
    const std::string expected =
        "'x[$(touch pwned)0]' stands in shell arithmetic and is not an integer";
    CHECK(refusal([&] { (void)script.fill(hostile, 1); }) == expected);
    CHECK(refusal([&] { (void)script.text(hostile, 1); }) == expected);
    const JobInput integer{.seq = 1, .items = {"1"}};
    CHECK(script.fill(integer, 1).values == std::vector<std::string>{"1"});
}

TEST_CASE("what only looks like arithmetic of bash takes any item", "[cli][template][S17]") {
    const char* const text = GENERATE(
        "echo ${@:-{}} ${*#{}} ${#} ${!x} ${#-} ${-:-{}} {}",
        "echo ${@:1} \"${@:1:2}\" {}",
        "[[ -f {} && {} == *\" -eq \"* ]] && echo {}",
        "[[ {} == *-left ]]",
        "[[ $(grep -v x {}) == y ]]",
        "[[ 1 -eq 1 ]] && echo {}",
        "[[ 1 -eq 1 ]]; echo {}",
        "([[ 1 -eq 1 ]]) && echo {}",
        "[[ $# -eq $(nproc) ]]\necho {}",
        "(( 1 > 0 )) && echo {}",
        "((echo {}); echo {})",
        "((echo \")\" {}); (echo {}))",
        "echo $(( 1 + \"1\" )) {}",
        "echo \"${x:-\"{}\"}\" \"${x:0:1}{}\"",
        "ls x[{}] [{}]* a[0-9]{}",
        "( [ {} = x ] ); echo a=(1 2) {}",
        "a[1]=2; echo {}",
        "let y=1; echo {}",
        "$(let y=1) {}",
        "echo let {}; outlet {}",
        "grep -v {} | grep test -v {}",
        "test \"$(grep -v x {})\" = y",
        "[ -v HOME ] && echo {}");
    CAPTURE(text);
    const ShellTemplate script(text, PlaceholderSet());
    REQUIRE_NOTHROW(script.fill({.seq = 1, .items = {"a b"}}, 1));
}

TEST_CASE("integers reach what bash evaluates", "[cli][template][S17]") {
    if (!std::filesystem::exists("/bin/bash")) {
        return;
    }
    const ShellTemplate script(
        "set -- a b c; echo ${@:{}:1}; a[{}]=x; b=([{}]=y); let \"n = {} + 1\"; "
        "[[\n {} -eq 2 ]] && test -v a[{}] && (( m = $(echo ')' | wc -c) + {} )); "
        "echo ${!a[*]} ${!b[*]} $n $m $(( ${none:-\"{}\"} ))",
        PlaceholderSet());
    const JobInput input{.seq = 1, .items = {"2"}};
    const std::string expected = "b\n2 2 3 4 2\n";
    CHECK(run_shell("/bin/bash", script.fill(input, 1)) == expected);
    CHECK(run_text("/bin/bash", script.text(input, 1)) == expected);
}

TEST_CASE("quoting leaves plain words alone", "[cli][template]") {
    REQUIRE(shell_quote("a/b-c_d.jpg") == "a/b-c_d.jpg");
    REQUIRE(shell_quote("") == "''");
    REQUIRE(shell_quote("a b") == "'a b'");
    REQUIRE(shell_quote("it's") == R"('it'\''s')");
    REQUIRE(shell_quote("~") == "'~'");
    REQUIRE(shell_join({"echo", "", "x y"}) == "echo '' 'x y'");
}

TEST_CASE("a word of shell text is repeated for each item", "[cli][template][L24]") {
    const JobInput input{.seq = 3, .items = {"a.x", "it's"}};
    const auto printed = [&](std::string_view text) {
        const ShellTemplate script(text, PlaceholderSet(), true);
        const std::string real = run_shell("/bin/sh", script.fill(input, 1));
        CHECK(real == run_text("/bin/sh", script.text(input, 1)));
        return real;
    };
    CHECK(printed("printf '<%s>' pre-{}-post") == "<pre-a.x-post><pre-it's-post>");
    CHECK(printed("printf '<%s>' {}-{.}-{#} {#} {1}") == "<a.x-a-3><it's-it's-3><3><a.x>");
    CHECK(printed("printf '<%s>' \"x{}\" '{}y'") == "<xa.x><xit's><a.xy><it'sy>");
    CHECK(printed("printf '<%s>' \"p {}q r\" 's {}'") == "<p a.xq it'sq r><s a.x it's>");
    CHECK(printed("printf '<%s>' {}; echo end") == "<a.x><it's>end\n");
    CHECK(printed("printf '<%s>' $(echo {}-); (echo {}+)") == "<a.x-><it's->a.x+ it's+\n");
    CHECK(printed("printf '<%s>' \"$(echo -{})\"") == "<-a.x -it's>");
    CHECK(printed("printf '<%s>' x$(echo {})-{}") == "<xa.x-a.x><xit's-it's>");
    CHECK(printed("printf '<%s>' `echo {}-`{#}") == "<a.x-><it's-3>");
    CHECK(printed("cat <<E\n{}-\nE\n") == "a.x- it's-\n");
    CHECK(printed("printf '<%s>' ${x:-{}}|cat") == "<a.x><it's>");
    CHECK(printed("printf '<%s>' {#}x") == "<3x>");
}

TEST_CASE("repeated words of hostile items stay words", "[cli][template][L24]") {
    const ShellTemplate script("printf '<%s>' p{}q \"r{}\" 's{}' \"t {}\"", PlaceholderSet(), true);
    std::string expected;
    for (const std::string prefix : {"p", "r", "s"}) {
        for (const std::string& item : kHostile) {
            expected += "<" + prefix + item + (prefix == "p" ? "q>" : ">");
        }
    }
    expected += "<t";
    for (const std::string& item : kHostile) {
        expected += " " + item;
    }
    const JobInput input{.seq = 1, .items = kHostile};
    CHECK(run_shell("/bin/sh", script.fill(input, 1)) == expected + ">");
}
