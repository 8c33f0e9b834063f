// SPDX-License-Identifier: MIT
#include <aiomisc/cli/reference/man_page.h>

#include "support/catch.h"

using namespace aiomisc::cli;

TEST_CASE(
    "a manual page has what man expects, and nothing of it is taken for roff", "[cli][reference]") {
    const CommandReference reference{
        .name = "brew-tea",
        .version = "1.2",
        .summary = "make tea",
        .synopsis = {"[OPTIONS] LEAF..."},
        .description = {".leaf is a 'file' with \\n in it", "It has `~` and ^."},
        .options =
            {{.title = "Water",
              .options =
                  {{{"-t", "--temperature"}, "N", "How hot"},
                   {{"--shuf"}, "[=SEED]", "Any order"}}}},
        .topics =
            {{.title = "Exit status", .text = "It is told.", .entries = {{"{.}", "\"tea\""}}}},
        .see_also = {"boil(1)", "cups(5)"}};
    REQUIRE(
        man_page(reference) ==
        ".TH BREW\\-TEA 1 \"\" \"aiomisc 1.2\" \"User Commands\"\n"
        ".SH NAME\n"
        "brew\\-tea \\- make tea\n"
        ".SH SYNOPSIS\n"
        ".nf\n"
        "\\fBbrew\\-tea\\fR [OPTIONS] LEAF...\n"
        ".fi\n"
        ".SH DESCRIPTION\n"
        "\\&.leaf is a \\(aqfile\\(aq with \\en in it\n"
        ".PP\n"
        "It has \\(ga\\(ti\\(ga and \\(ha.\n"
        ".SH OPTIONS\n"
        ".SS Water\n"
        ".TP\n"
        "\\fB\\-t\\fR, \\fB\\-\\-temperature\\fR \\fIN\\fR\n"
        "How hot\n"
        ".TP\n"
        "\\fB\\-\\-shuf\\fR\\fI[=SEED]\\fR\n"
        "Any order\n"
        ".SH EXIT STATUS\n"
        "It is told.\n"
        ".TP\n"
        "\\fB{.}\\fR\n"
        "\\(dqtea\\(dq\n"
        ".SH SEE ALSO\n"
        "\\fBboil\\fR(1),\n"
        "\\fBcups\\fR(5)\n");
}
