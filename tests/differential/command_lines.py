# SPDX-License-Identifier: MIT
"""Command lines made at random, the same ones for the same seed: sources, options, and a command with placeholders.

Left out, because there GNU parallel has faults or we differ on purpose:
- items with a newline: its shell quoting loses them;
- placeholders inside quotes: it splices items into the shell's text;
- the launcher's stdin as that of the first job;
- sources without items: with --link it breaks off, and elsewhere it makes one empty item of them;
- what a position beyond the items of the last job of -n is: an empty word here, none at all there;
- a --tag in front of what --dry-run prints, which then is no script;
- tags behind a carriage return, and its {#} in --tagstring, which sometimes is that of the next job;
- several items beside other text in a word of -q, which we keep one word;
- percentages of --halt where the number of jobs is not known before: it reads all input first, we never read ahead.
"""

import random
from dataclasses import dataclass, field

from hostile import Items

PARTS = ("", ".", "/", "//", "/.")
SEPARATORS = (b":::", b"::::", b":::+", b"::::+")
ENDS = (b"\n", ()), (b"\0", ("-0",)), (b"_", ("-d", "_")), (b"\t", ("-d", "\\t"))    # and how to say so
AROUND = ("", "", "pre-", "-", ".x")
HALTS = "soon,fail=2", "now,fail=1", "now,fail=9", "soon,success=1", "now,success=3", "soon,done=1", "now,done=3"
PERCENTAGES = "soon,fail=40%", "now,fail=1%", "now,fail=100%", "soon,success=30%", "now,done=50%"
PRINTED = "printf '<%s>' x "    # x: never without an argument, which is another matter


@dataclass
class CommandLine:
    """A random one, in pieces."""
    random: random.Random
    items: Items
    options: list = field(default_factory=lambda: ["-k"])
    sources: list = field(default_factory=list)
    files: dict = field(default_factory=dict)
    stdin: bytes = b""
    width: int = 1       # items a job
    whole: bool = False  # {} may be several items: what stands beside it goes to the first or the last alone

    def words(self, template):
        return [*self.options, *template, *self.sources]

    def maybe(self, *options, chance=0.25):
        if self.random.random() < chance:
            self.options += options

    def list_of_items(self):
        return [b"first"] + [item for item in self.items.some(self.random.randrange(6)) if item not in SEPARATORS]

    def add_stdin(self):
        end, option = self.random.choice(ENDS)
        items = [item.replace(end, b"") for item in self.list_of_items()]
        self.options += option
        self.stdin = end.join(items) + self.random.choice((b"", end))

    def add_source(self, number):
        linked = "+" if number and self.random.random() < 0.4 else ""
        items = self.list_of_items()
        if self.random.random() < 0.6:
            self.sources += [":::" + linked, *items]
        else:
            self.files[f"source{number}"] = b"".join(item + b"\n" for item in items)
            self.sources += ["::::" + linked, f"source{number}"]

    def add_sources(self):
        self.width = self.random.choice((0, 1, 1, 2, 3))
        if self.width == 0:
            self.add_stdin()
            self.width = 1
            self.add_grouping()
        else:
            for number in range(self.width):
                self.add_source(number)
            self.maybe("--link", chance=0.3)

    def add_grouping(self):
        count = self.random.choice((0, 1, 2, 3))
        if count:
            option = self.random.choice(("-n", "-N"))
            self.options += [option, str(count)]
            self.width = count if option == "-N" else 0
            self.whole = count > 1

    def placeholder(self):
        numbers = ["", *range(1, self.width + 1)]
        if not self.whole:
            numbers += range(-self.width, 0)
        number = self.random.choice(numbers)
        form = self.random.choice(("{%s%s}" % (number, self.random.choice(PARTS)), "{#}"))
        return form, self.whole and number == "" and form != "{#}"

    def argument(self):
        form, many = self.placeholder()
        before = "-" if self.whole else self.random.choice(AROUND)
        return form if many else before + form + self.random.choice(AROUND)

    def arguments(self):
        return [self.argument() for _ in range(self.random.randrange(4))]


def make(seed, without):
    """All but its command; no item has one of the bytes `without`."""
    rng = random.Random(seed)
    line = CommandLine(rng, Items(seed, without))
    line.add_sources()
    line.maybe("-r")
    line.maybe("-E", "x=y")
    line.maybe("--trim", rng.choice(("n", "l", "r", "lr", "rl")))
    line.maybe("-j", rng.choice(("1", "2", "8")))
    return line


def printing(line):
    """A command that prints its arguments, each between brackets."""
    words = line.arguments()
    way = line.random.choice(("script", "words", "-q", "stderr"))
    if way == "words":
        return ["printf", "'<%s>'", "x", *words]
    if way == "-q" and (line.width == 1 or not line.sources):
        line.options.append("-q")
        return ["printf", "<%s> $HOME * ;", "x", *words]
    if way == "stderr" and words:
        return [f"{PRINTED} {' '.join(words)} >&2; echo"]
    return [f"{PRINTED} {' '.join(words)} ; echo"] if words else [PRINTED]


def tagged(line):
    line.maybe("--tag", chance=0.6)
    if "--tag" not in line.options:
        number = "1" if line.whole else ""
        line.options += ["--tagstring", "T{%s%s}" % (number, line.random.choice(PARTS))]
    return printing(line)


def halting(line):
    percentage = bool(line.sources and not line.files and not {"-r", "-E"}.intersection(line.options))
    line.options += ["-j1", "--halt", line.random.choice(HALTS + PERCENTAGES if percentage else HALTS)]
    return ["echo {#}; exit $(({#}%3))"]
