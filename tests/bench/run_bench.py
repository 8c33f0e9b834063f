#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures aiomisc beside its floors and peers and prints a table of medians, ratios and budgets.

All sides of a row are measured in turn within every round, so that what else the machine does hits all of
them alike; a ratio of medians from one run means something where two figures from two days do not. For the same
reason a change is measured by --against: an earlier build and this one alternate, and each takes the first turn in
every other round.
"""

import argparse
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
OURS = "aiomisc"
AGAINST = "the other build"
NO_WORSE = 1.05    # what a build may be of another's time: more is no noise
RATES = ("calls/s", "jobs/s")    # of these, more is better
FLOOR = "floor"
SPDLOG = "peer:spdlog async_logger"
EXECUTOR = "peer:ProcessPoolExecutor"
PYTHON_AIOMISC = "peer:Python aiomisc"
PILLOW = "peer:Pillow in ProcessPoolExecutor"
VIPS = "peer:GNU parallel vipsthumbnail"


@dataclass(frozen=True)
class Program:
    """One process to start: it measures one side (or a few) of some rows."""
    file: str
    arguments: tuple = ()
    side: str = OURS    # for the message when it cannot run
    needs: tuple = ()   # Python modules, commands and folders that must be installed

    def missing(self, build):
        for need in self.needs:
            if not (Path(need).is_dir() if need.startswith("/") else shutil.which(need) or importlib.util.find_spec(need)):
                return f"{need} is not installed"
        if not self.file.endswith(".py") and not (build / "tests/bench" / self.file).exists():
            return "not built"
        if "aiomisc" in self.arguments and not (build / "cli/aiomisc-run").exists():
            return "aiomisc-run is not built"
        if "aiomisc" in self.arguments and not (build / "tests/bench/noop_job.so").exists():
            return "noop_job is not built"
        return None

    def argv(self, build, what, options):
        if self.file.endswith(".py"):
            argv = [sys.executable, str(HERE / "peers" / self.file), *self.arguments,
                    "--aiomisc-run", str(build / "cli/aiomisc-run")]
        else:
            argv = [str(build / "tests/bench" / self.file), *self.arguments]
        argv += ["--rounds", "1", "--what", what, "--workers", str(options.workers)]
        return argv + ["--quick"] if options.quick else argv


@dataclass(frozen=True)
class Row:
    what: str
    programs: tuple
    at_most: dict = field(default_factory=dict)      # side -> our time may be this many times its time
    at_least: dict = field(default_factory=dict)     # side -> we must be this many times faster
    limit: float = None                              # our value itself may be this much


FLOORS = Program("socketpair_floor", side=FLOOR)
LOOP_FLOORS = Program("libuv_floor", side=FLOOR)
KJ = Program("stock_kj", side="peer:stock KJ streams")
FUTURES = Program("process_pool_executor.py", side=EXECUTOR)
MULTIPROCESSING = Program("multiprocessing_pool.py", side="peer:multiprocessing.Pool")
ORIGINAL = Program("python_aiomisc.py", side=PYTHON_AIOMISC, needs=("aiomisc",))
POOL = Program("pool_bench")
WORKER = Program("worker_bench")
LOOP = Program("loop_bench")
LOG = Program("log_bench")
RUN = Program("commands.py", ("aiomisc",))
XARGS = Program("commands.py", ("xargs",), side="peer:xargs -P", needs=("xargs",))
PARALLEL = Program("commands.py", ("parallel",), side="peer:GNU parallel", needs=("parallel",))
PHOTOGRAPHS = "/usr/share/backgrounds/mate"    # of Debian's mate-backgrounds
THUMBNAILS = Program("thumbnails.py", ("aiomisc",), needs=(PHOTOGRAPHS,))
THUMBNAILS_FLOOR = Program("thumbnails.py", ("djpeg",), side=FLOOR, needs=("djpeg", PHOTOGRAPHS))
THUMBNAILS_PILLOW = Program("thumbnails.py", ("pillow",), side=PILLOW, needs=("PIL", PHOTOGRAPHS))
THUMBNAILS_VIPS = Program("thumbnails.py", ("parallel",), side=VIPS, needs=("parallel", "vipsthumbnail", PHOTOGRAPHS))

ROWS = (
    Row("one call at a time", (POOL, FLOORS, KJ, FUTURES, MULTIPROCESSING, ORIGINAL),
        at_most={FLOOR: 1.7}, at_least={EXECUTOR: 3.5, PYTHON_AIOMISC: 6}),
    Row("many in flight", (POOL, KJ, FUTURES, MULTIPROCESSING, ORIGINAL),
        at_least={"peer:multiprocessing.Pool imap(chunksize=1)": 15, PYTHON_AIOMISC: 20}),
    Row("map of tiny tasks", (POOL, MULTIPROCESSING),
        at_least={"peer:multiprocessing.Pool map(chunksize=64)": 8}),
    Row("1 MiB argument and result", (POOL, FLOORS, KJ, FUTURES), at_most={FLOOR: 1.3}),
    Row("replacing a dead worker", (WORKER, FLOORS), at_most={FLOOR: 4}),
    Row("parent memory per queued call", (WORKER,), limit=400),
    Row("parent memory after a million calls", (WORKER,), limit=1 << 20),
    Row("cli: trivial commands", (RUN, XARGS, PARALLEL),
        at_most={"peer:xargs -P": 1.1}, at_least={"peer:GNU parallel": 5}),
    Row("cli: start to first job", (RUN, PARALLEL), limit=20),
    Row("cli: start to first module job", (RUN,), limit=20),
    Row("cli: 20,000 module jobs", (RUN,), limit=2),
    Row("cli: rate of a million jobs", (RUN,)),
    Row("cli: memory of a million jobs", (RUN,), limit=40 << 10),
    Row("thumbnails of photographs", (THUMBNAILS, THUMBNAILS_FLOOR, THUMBNAILS_PILLOW, THUMBNAILS_VIPS),
        at_most={FLOOR: 1.15, PILLOW: 0.9, VIPS: 0.3}),
    Row("in-loop task", (LOOP, LOOP_FLOORS), at_most={FLOOR: 1}),
    Row("in-loop timer", (LOOP, LOOP_FLOORS), at_most={FLOOR: 1}),
    Row("in-loop queue hop", (LOOP, LOOP_FLOORS), at_most={FLOOR: 1}),
    Row("log line, to its caller", (LOG,), at_most={SPDLOG: 1}),
    Row("log line, written", (LOG,), at_most={SPDLOG: 1.1}),
)


@dataclass(frozen=True)
class Side:
    """A program of a row, and the build whose it is."""
    program: Program
    build: Path
    is_other: bool = False    # the build of --against

    @property
    def name(self):
        return AGAINST if self.is_other else self.program.side


def run_program(program, build, row, options):
    environment = dict(os.environ, PYTHONPATH=str(HERE / "peers"))
    done = subprocess.run(program.argv(build, row.what, options), env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise ChildProcessError(f"failed with status {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def measured_samples(side, row, options):
    samples = run_program(side.program, side.build, row, options)
    if side.is_other:
        return [dict(sample, side=AGAINST) for sample in samples if sample["side"] == OURS]
    return samples


def sides_of(row, options, absent):
    """What can be measured of a row; what cannot goes to `absent`."""
    wanted = [Side(program, options.build) for program in row.programs]
    if options.against:
        wanted[1:1] = [Side(program, options.against, True) for program in row.programs if program.side == OURS]
    sides = []
    for side in wanted:
        reason = side.program.missing(side.build)
        if reason is None:
            sides.append(side)
        else:
            absent.append(Absence(row.what, side.name, f"skipped, {reason}"))
    return sides


def measure(row, options, absent):
    """Samples of all sides of a row, one side after the other within each round."""
    sides = sides_of(row, options, absent)
    samples = []
    for round_number in range(options.rounds):
        # Whoever comes first warms caches for the others: each build in every other round.
        for side in tuple(reversed(sides) if options.against and round_number % 2 else sides):
            try:
                measured = measured_samples(side, row, options)
            except ChildProcessError as error:
                absent.append(Absence(row.what, side.name, str(error), failed=True))
                sides.remove(side)
                continue
            samples += [dict(sample, round=round_number) for sample in measured]
    return samples


@dataclass(frozen=True)
class Absence:
    """A side that was not measured, and why."""
    what: str
    side: str
    reason: str
    failed: bool = False


@dataclass
class Line:
    """One line of the table: the median of a side, and how ours compares with it."""
    what: str
    side: str
    unit: str
    median: float
    spread: float
    ratio: float = None      # our time in units of theirs: below 1 we are faster
    budget: str = ""
    met: bool = None


def judge(line, ours, row):
    if line.side == OURS:
        if row.limit is not None:
            line.budget, line.met = f"<= {row.limit:g}", line.median <= row.limit
        return
    if not ours or not line.median:
        return
    line.ratio = line.median / ours if line.unit in RATES else ours / line.median
    if line.side in row.at_most or line.side == AGAINST:
        bound = NO_WORSE if line.side == AGAINST else row.at_most[line.side]
        line.budget, line.met = f"<= {bound:g}x its time", line.ratio <= bound
    elif line.side in row.at_least:
        bound = row.at_least[line.side]
        line.budget, line.met = f">= {bound:g}x faster", line.ratio <= 1 / bound


def summarize(row, samples):
    sides = {}
    for sample in samples:
        sides.setdefault((sample["side"], sample["unit"]), []).append(sample["value"])
    lines = []
    for (side, unit), values in sides.items():
        median = statistics.median(values)
        spread = (max(values) - min(values)) / median if median else 0.0
        lines.append(Line(row.what, side, unit, median, spread))
    ours = next((line.median for line in lines if line.side == OURS), None)
    for line in lines:
        judge(line, ours, row)
    return lines


def comparison(line):
    if line.ratio is None:
        return ""
    if line.ratio > 1 or line.side in (FLOOR, AGAINST):
        return f"{line.ratio:.2f}x its time"
    return f"{1 / line.ratio:.1f}x faster"


WIDTHS = (35, 43, 11, 8, 7, 19, 16, 6)
HEADER = ("what", "side", "median", "unit", "spread", "aiomisc against it", "budget", "")


def print_cells(cells):
    print("  ".join(cell.rjust(width) if column == 2 else cell.ljust(width)
                    for column, (cell, width) in enumerate(zip(cells, WIDTHS))).rstrip(), flush=True)


def print_row(lines):
    for number, line in enumerate(lines):
        median = f"{line.median:,.0f}" if line.median >= 1e4 else f"{line.median:,.4g}"
        verdict = "" if line.met is None else ("met" if line.met else "MISSED")
        print_cells((line.what if number == 0 else "", line.side, median, line.unit,
                     f"{line.spread:.0%}", comparison(line), line.budget, verdict))


def print_absent(absent):
    rows_of = {}
    for absence in absent:
        rows_of.setdefault((absence.side, absence.reason), []).append(absence.what)
    for (side, reason), whats in rows_of.items():
        print(f"{side}: {reason} ({'; '.join(whats)})")


def machine():
    load = os.getloadavg()[0]
    return {"machine": platform.machine(), "kernel": platform.release(), "cpus": os.cpu_count(),
            "python": platform.python_version(), "load_before": load}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", nargs="*", help="measure only rows whose name contains this")
    parser.add_argument("--build", type=Path, required=True, help="the build folder to measure")
    parser.add_argument("--against", type=Path, metavar="BUILD",
                        help="alternate with this build folder, and miss where ours takes 5 %% more than it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work: no figures to quote")
    parser.add_argument("--workers", type=int, default=2, help="worker processes, on every side")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write samples and medians here")
    parser.add_argument("--check", action="store_true", help="exit 1 when a budget is missed")
    options = parser.parse_args()
    if options.against:
        if not (options.against / "tests/bench").is_dir():
            parser.error(f"{options.against} is no build folder with benchmarks: cmake --build FOLDER --target benchmarks")
        options.rounds += options.rounds % 2    # each build is first equally often
    return options


def main():
    options = parse_arguments()
    rows = [row for row in ROWS if not options.name or any(name in row.what for name in options.name)]
    if not rows:
        sys.exit("run_bench: no such row; there are: " + "; ".join(row.what for row in ROWS))
    about, samples, lines, absent = machine(), [], [], []
    print_cells(HEADER)
    for row in rows:
        measured = measure(row, options, absent)
        samples += measured
        summary = summarize(row, measured)
        lines += summary
        print_row(summary)
    print_absent(absent)
    if about["load_before"] > 0.5:
        print(f"the machine was not idle when this started (load {about['load_before']:.1f})")
    if options.json:
        options.json.write_text(json.dumps(
            {"about": about, "samples": samples, "rows": [vars(line) for line in lines],
             "absent": [vars(absence) for absence in absent]}, indent=2) + "\n")
    missed = options.check and any(line.met is False for line in lines)
    if missed or any(absence.failed for absence in absent):
        sys.exit(1)


if __name__ == "__main__":
    main()
