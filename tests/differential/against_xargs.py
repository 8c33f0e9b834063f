# SPDX-License-Identifier: MIT
"""Every item reaches its job byte for byte, whatever it is: xargs -0 -n1 -P2 says so, and the items themselves do.

Jobs print the digests of what they got, so that no output needs order or escaping.
"""

import hashlib
import shutil
from collections import Counter

from hostile import Items
from programs import Outcome, Program
from report import Verdict, compare, printable, shown_words

JOB = ("sh", "-c", 'printf "%s\\0" "$@" | sha256sum', "job")
WAYS = (("-j2", "--no-shell", *JOB), ("-j2", "-q", *JOB), ("-j2", 'printf "%s\\0" {} | sha256sum'))
LONGEST = 128 * 1024 - 1    # of one argument in Linux, without its final zero byte
EACH = ("-0", "-n1")
DELIMITERS = (",", b","), ("\\n", b"\n"), ("\\t", b"\t"), ("\\x1f", b"\x1f")


def xargs():
    return Program("xargs", shutil.which("xargs"))


def digest(*items):
    return hashlib.sha256(b"".join(item + b"\0" for item in items)).hexdigest().encode() + b"  -\n"


def digests(items):
    return b"".join(map(digest, items))


def difference(items, one, other, oracle):
    """By item where that is possible, else by output."""
    text = compare(one, other, oracle, sort=True)
    if not text:
        return ""
    names = {digest(item).strip(): item for item in items}
    have, want = (Counter(outcome.out.splitlines()) for outcome in (one, other))
    lost = [printable(names.get(line, line), 60) for line in want - have]
    return text + f"    not passed on: {', '.join(lost[:10])}\n"


def compare_ways(case, ours, items, options, theirs=EACH, end=b"\0"):
    """In all ways to write the command; the items are the third witness where each is a job."""
    stdin = b"".join(item + end for item in items)
    other = xargs().run([*theirs, "-s", "400000", "-P2", *JOB], stdin)
    verdicts = []
    for way in WAYS:
        words = [*options, *way]
        one = ours.run(words, stdin)
        what = f"{len(items)} items | aiomisc-run {shown_words(words)}"
        verdicts.append(Verdict("xargs", case, what, difference(items, one, other, "xargs")))
    if theirs == EACH:
        truth = Outcome(0, digests(items), b"")
        verdicts.append(Verdict("xargs", case, "by their own digests", difference(items, other, truth, "the items")))
    return verdicts


def names_of_files(ours):
    """Found by find(1), and opened by a redirection."""
    names = [name for name in Items(0, without=b"/").every() if name not in (b"", b".", b"..")]
    files = {name: b"in " + name for name in names}
    find = "find . -type f -print0 | "
    other = xargs().script(find + "AR -0 -n1 -P2 sh -c 'sha256sum <\"$1\"' job", files)
    one = ours.script(find + "AR -0 -j2 'sha256sum <{}'", files)
    what = f"{len(files)} files | aiomisc-run -0 -j2 'sha256sum <{{}}'"
    return [Verdict("xargs", "names of files", what, compare(one, other, "xargs", sort=True))]


def one_too_long(ours):
    """xargs ends there; of us, an item that cannot be an argument costs its own job alone, and the others are run."""
    items = [b"before", b"x" * (LONGEST + 1), b"behind"]
    truth = Outcome(1, digests([items[0], items[2]]), b"")
    return [Verdict("xargs", "one too long", f"aiomisc-run -0 {shown_words(way)}",
                    difference(items, ours.run(["-0", *way], b"\0".join(items)), truth, "its promise"))
            for way in WAYS]


def compare_seed(ours, seed):
    verdicts = compare_ways(f"seed {seed}", ours, Items(seed).some(100), ["-0"])
    for name, byte in DELIMITERS:
        items = Items(seed, without=byte).some(20)
        options = [] if byte == b"\n" else ["-d", name]
        verdicts += compare_ways(f"seed {seed} -d {name}", ours, items, options, ("-d", name, "-n1"), byte)
    for count in (2, 7):
        batches = ("-0", "-n", str(count))
        verdicts += compare_ways(f"seed {seed} -n {count}", ours, Items(seed).some(count * 10), batches, batches)
    return verdicts


def run_limits(ours):
    longest = [b"y" * size for size in (4096, 65536, LONGEST - 1, LONGEST)]
    return compare_ways("longest", ours, longest, ["-0"]) + one_too_long(ours)


def run(ours, seeds):
    many = [b"%d" % number for number in range(100_000)]
    batches = ("-0", "-n", "1000")
    verdicts = compare_ways("every byte", ours, Items(0).every(), ["-0"])
    verdicts += names_of_files(ours)
    verdicts += compare_ways("100,000", ours, many, batches, batches)
    for seed in seeds:
        verdicts += compare_seed(ours, seed)
    return verdicts
