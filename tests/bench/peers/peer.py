# SPDX-License-Identifier: MIT
"""What every peer shares: its command line and its output, the same as bench.h gives the C++ programs."""

import argparse
import json
import time


def scaled(full, options):
    return max(1, full // 10) if options.quick else full


def seconds(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main(bench, rows):
    """Measures `rows`, a list of (what, side, unit, function of the options)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--what", default="", help="measure only the row of this name")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--aiomisc-run", default="", help="the launcher to measure")
    options = parser.parse_args()
    for round_number in range(options.rounds):
        for what, side, unit, measure in rows:
            if options.what in ("", what):
                sample = {"bench": bench, "what": what, "side": side, "unit": unit,
                          "value": measure(options), "round": round_number}
                print(json.dumps(sample), flush=True)
