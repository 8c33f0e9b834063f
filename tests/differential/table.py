# SPDX-License-Identifier: MIT
"""Command lines for which GNU parallel and aiomisc-run promise the same: output and exit status are compared.

They stand in cases/*.sh, each below `#: ` and its number among the acceptance cases, or what it is about. Each is run
by a shell in a folder with the files `abc`, `def` and `hostile`; AR is the program. Where files or the job log are
what matters, the script prints them. What is timing, memory or a promise of aiomisc-run alone is tested in
tests/integration/launcher_*_test.cpp instead.

Left out, because there we differ on purpose: how the launcher dies of SIGINT and SIGTERM (we by the signal, GNU with
255) and what it ends with after SIGHUP (129, and 0); Exitval of a job that a signal ended (-1, and 0); usage on
stdout; when a job's output is shown while the next item is not there yet (at once, and when that comes).
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from report import Verdict, compare

MARK = "#: "
HOSTILE = b"a  b", b"$HOME", b"*", b"it's", b'"q"', b";ls", b"-n", b"\\", bytes(range(128, 256))
FILES = {"abc": "A\nB\nC\n", "def": "D\nE\nF\n", "hostile": b"\0".join(HOSTILE)}
# For every script; the first waits at most 20 s for a condition of the shell, in jobs as well.
TOOLS = {"until_": """#!/bin/sh
for n in $(seq 400); do eval "$1" && exit; sleep 0.05; done
echo "never: $1"
""", "log_rows": """#!/bin/sh
sort -n l | cut -f 1,7,8,9
"""}


def cases():
    """Pairs of a name and a script."""
    for file in sorted((Path(__file__).parent / "cases").glob("*.sh")):
        _, *blocks = ("\n" + file.read_text()).split("\n" + MARK)
        for block in blocks:
            name, script = block.split("\n", 1)
            yield name, script


def run_case(case, ours, gnu):
    name, script = case
    one, other = (program.script(script, FILES, tools=TOOLS) for program in (ours, gnu))
    return Verdict("table", name, script.strip(), compare(one, other, gnu.name))


def run(ours, gnu):
    if gnu is None:
        return [Verdict("table", name, script.strip(), skipped="GNU parallel is not installed")
                for name, script in cases()]
    with ThreadPoolExecutor(4) as pool:    # most of them wait
        return list(pool.map(lambda case: run_case(case, ours, gnu), cases()))
