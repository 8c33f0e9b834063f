# SPDX-License-Identifier: MIT
"""What came of each comparison, and how it is told."""

from dataclasses import dataclass

SHOWN = 600    # bytes of an output


@dataclass(frozen=True)
class Verdict:
    group: str
    case: str
    what: str              # the command line
    difference: str = ""   # none: both did the same
    skipped: str = ""      # why

    def line(self):
        word = "skipped" if self.skipped else "DIFFERS" if self.difference else "same"
        return f"{word:8}{self.group:8}{self.case:18}{printable(self.what, 140)}" + \
            (f"  ({self.skipped})" if self.skipped else "")


def printable(text, limit=SHOWN):
    """One line, whatever it holds."""
    if isinstance(text, str):
        text = text.encode(errors="surrogateescape")
    line = repr(text)[2:-1].replace("\\\\", "\\").replace("\\'", "'")
    return line if len(line) <= limit else f"{line[:limit]}… ({len(text)} bytes)"


def shown_words(words):
    return " ".join(word if isinstance(word, str) and word.replace("-", "").isalnum() else repr(word) for word in words)


def compare(ours, theirs, oracle, sort=False):
    """The difference between two outcomes in words; nothing if there is none. stderr is for people."""
    ours_out, theirs_out = (sorted(one.out.splitlines()) if sort else one.out for one in (ours, theirs))
    if (ours.status, ours_out) == (theirs.status, theirs_out):
        return ""
    return "".join(f"    {name:12} status {one.status}, {printable(one.out)}\n    {'':12} {printable(one.err)}\n"
                   for name, one in (("aiomisc-run", ours), (oracle, theirs)))


def tell(verdicts):
    """Prints the table; true if all is well."""
    for verdict in verdicts:
        print(verdict.line())
        if verdict.difference:
            print(verdict.difference)
    differing = sum(bool(verdict.difference) for verdict in verdicts)
    skipped = sum(bool(verdict.skipped) for verdict in verdicts)
    print(f"{len(verdicts)} comparisons: {len(verdicts) - differing - skipped} the same, {differing} different, "
          f"{skipped} skipped")
    return not differing
