# SPDX-License-Identifier: MIT
"""Items as nobody wants them, the same ones for the same seed."""

import random

SHELL = b"$(touch pwned)", b"`touch pwned`", b"$HOME", b"${x}", b"*", b"it's", b'"q"', b";ls", b"a|b", b"&", b"#c", \
    b"~", b"!x", b"<in", b">out", b"{a,b}", b"(", b")", b"\\", b"\\n", b"%s%n", b"a  b", b"[a-z]", b"=", b"x=y", b"'", \
    b'"', b"''"
OPTIONS = b"-n", b"-e", b"--", b"-", b"--help", b"-k", b"--joblog", b"-0", b"-j2", b"--version", b"+x"
PATHS = b"a/b.c/d.tar.gz", b"plain", b".hidden", b"dir.d/file", b"/abs/x.jpg", b"x/", b"/", b"//", b"./a", b"../a.b", \
    b"a/.b", b"a.", b".", b"..", b"a..b", b"a/b/c", b"dir/.x.y", b"/.", b"a b/c d.e f", b"x.y/", b"a//b.c"
BLANKS = b" ", b"\t", b" lead", b"trail ", b"\tboth ", b" a b ", b"x\rb", b"cr\r", b"\v", b"\f"
PLACEHOLDERS = b"{}", b"{.}", b"{/}", b"{#}", b"{1}", b"{2}", b"{= =}", b":::", b"::::", b"\xce\xb1{}"
BYTES = bytes(range(1, 256))


class Items:
    """`without`: bytes that no item has."""

    def __init__(self, seed, without=b""):
        self.random = random.Random(seed)
        self.without = without

    def clean(self, item):
        return item.translate(None, self.without)

    def random_bytes(self, longest=40):
        alphabet = self.random.choice((BYTES, BYTES[127:], BYTES[:47], b"./ab", b" \t\n\\'\"$`"))
        return bytes(self.random.choices(alphabet, k=self.random.randrange(longest + 1)))

    def one(self):
        family = self.random.choice((SHELL, OPTIONS, PATHS, BLANKS, PLACEHOLDERS, None, None))
        return self.clean(self.random.choice(family) if family else self.random_bytes())

    def some(self, count):
        return [self.one() for _ in range(count)]

    def every(self):
        """All the known ones, each byte alone and between others, and nothing at all."""
        known = [b"", BYTES, *SHELL, *OPTIONS, *PATHS, *BLANKS, *PLACEHOLDERS]
        bytes_alone = [bytes([byte]) for byte in BYTES]
        bytes_between = [b"a" + byte + b"b" for byte in bytes_alone]
        return [self.clean(item) for item in known + bytes_alone + bytes_between]
