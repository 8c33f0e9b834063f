# SPDX-License-Identifier: MIT
"""Command lines made at random, run by GNU parallel and by aiomisc-run."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from command_lines import halting, make, printing, tagged
from report import Verdict, compare, shown_words

LINES_A_SEED = 40
BOTH_STREAMS = 'AR "$@" 2>errors; echo $?; cat errors'


@dataclass(frozen=True)
class Kind:
    script: str             # AR "$@" is the program with its random words
    command: callable       # adds to a command line what the script needs, and gives the words of the command
    weight: int = 1
    without: bytes = b"\n"  # these bytes, in items


KINDS = (
    Kind(BOTH_STREAMS, printing, weight=6),
    Kind('AR --dry-run "$@" >script; echo $?; sh script 2>&1', printing, weight=4),
    Kind(BOTH_STREAMS, tagged, weight=3, without=b"\n\r"),
    Kind('AR --joblog l "$@"; echo $?; sort -n l | cut -f 1,7,8; wc -l <l', lambda line: ["exit {#}"]),
    Kind('AR --joblog l --retries 2 "$@"; echo $?; sort -n l | cut -f 1,8',
         lambda line: ["test {#} -gt 2 || kill -9 $$"]),
    Kind('AR "$@"', halting, weight=2),
)


def run_line(seed, ours, gnu):
    kind = random.Random(seed).choices(KINDS, [kind.weight for kind in KINDS])[0]
    line = make(seed, kind.without)
    script, words = kind.script, line.words(kind.command(line))
    one, other = (program.script(script, line.files, words, line.stdin) for program in (ours, gnu))
    return Verdict("gnu", seed, f"{script} with {shown_words(words)}", compare(one, other, gnu.name))


def run(ours, gnu, seeds):
    names = [f"{seed}.{number}" for seed in seeds for number in range(LINES_A_SEED)]
    if gnu is None:
        return [Verdict("gnu", name, "", skipped="GNU parallel is not installed") for name in names]
    with ThreadPoolExecutor(os.cpu_count() + 2) as pool:
        return list(pool.map(lambda name: run_line(name, ours, gnu), names))
