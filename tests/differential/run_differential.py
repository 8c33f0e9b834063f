#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs aiomisc-run beside xargs and GNU parallel on the same input and prints every difference.

    run_differential.py --run build/dev/cli/aiomisc-run [--only GROUP…] [--seeds N] [--first-seed N]

Exits 1 when something differs, and 77 when nothing could be compared. A seed makes the same input everywhere.
"""

import argparse
import os
import shutil
import subprocess
import sys

import against_gnu
import against_xargs
import table
from programs import Program
from report import tell

NOTHING_COMPARED = 77
GROUPS = ("limits", "xargs", "table", "gnu")


def gnu_parallel():
    """None if there is no `parallel`, or if it is another program of that name."""
    path = shutil.which("parallel")
    if path is None:
        return None
    version = subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return Program("GNU parallel", path) if version.stdout.startswith(b"GNU parallel") else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, metavar="PROGRAM", help="the aiomisc-run to test")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS, help="these groups of comparisons")
    parser.add_argument("--seeds", type=int, default=int(os.environ.get("AIOMISC_DIFFERENTIAL_SEEDS", "1")),
                        help="how many seeds (AIOMISC_DIFFERENTIAL_SEEDS, or 1)")
    parser.add_argument("--first-seed", type=int, default=1)
    options = parser.parse_args()

    path = shutil.which(options.run)
    if path is None:
        parser.error(f"{options.run} cannot be executed")
    ours = Program("aiomisc-run", os.path.abspath(path))
    gnu = gnu_parallel()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    groups = {"limits": lambda: against_xargs.run_limits(ours),
              "xargs": lambda: against_xargs.run(ours, seeds),
              "table": lambda: table.run(ours, gnu),
              "gnu": lambda: against_gnu.run(ours, gnu, seeds)}
    verdicts = [verdict for name in GROUPS if name in options.only for verdict in groups[name]()]
    well = tell(verdicts)
    if all(verdict.skipped for verdict in verdicts):
        return NOTHING_COMPARED
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
