# SPDX-License-Identifier: MIT
"""Launchers on jobs that do nothing: xargs -P and GNU parallel, and aiomisc-run beside them; and aiomisc-run
alone on what they cannot do, jobs that are functions."""

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import peer

COMMANDS = 2_000
MODULE_JOBS = 20_000
LONG_RUN = 1_000_000
STARTS = 20


def numbers(count):
    return "".join(f"{number}\n" for number in range(count))


def measured(argv, items):
    return peer.seconds(lambda: subprocess.run(
        argv, input=items, text=True, check=True, stdout=subprocess.DEVNULL))


def commands(argv, options):
    return measured([*argv, "/bin/true"], numbers(peer.scaled(COMMANDS, options)))


def xargs(options):
    return commands(["xargs", f"-P{options.workers}", "-n1"], options)


def parallel(options):
    return commands(["parallel", f"-j{options.workers}"], options)


def aiomisc_run(options):
    return commands([options.aiomisc_run, f"-j{options.workers}"], options)


def module(options):
    """The words of a run of a job function that does nothing."""
    noop = Path(options.aiomisc_run).parent.parent / "tests/bench/noop_job.so"
    return [options.aiomisc_run, f"-j{options.workers}", str(noop), "x={}"]


def module_jobs(options):
    return measured(module(options), numbers(peer.scaled(MODULE_JOBS, options)))


def long_run(options):
    count = peer.scaled(LONG_RUN, options)
    return count / measured(module(options), numbers(count))


def peak_memory(pid):
    """In KiB; 0 when the process is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(peaks[0]) if peaks else 0


def memory_of_long_run(options):
    with subprocess.Popen(["seq", str(peer.scaled(LONG_RUN, options))], stdout=subprocess.PIPE) as source:
        with subprocess.Popen(module(options), stdin=source.stdout) as launcher:
            source.stdout.close()
            peak = 0
            while launcher.poll() is None:
                peak = max(peak, peak_memory(launcher.pid))
                time.sleep(0.02)
    if launcher.returncode != 0 or peak == 0:
        sys.exit(f"{launcher.args}: status {launcher.returncode}, peak {peak}")
    return peak


def start(argv):
    """From the start of the launcher to the first output of a job, in milliseconds."""
    begin = time.perf_counter()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as launcher:
        launcher.stdout.readline()
        return (time.perf_counter() - begin) * 1e3


def first_job(argv, options):
    return statistics.median(start([*argv, ":::", "1"]) for _ in range(peer.scaled(STARTS, options)))


def first_command(options):
    return first_job([options.aiomisc_run, "echo"], options)


def first_parallel(options):
    return first_job(["parallel", "echo"], options)


def first_module_job(options):
    return first_job([*module(options), "print=yes"], options)


TRIVIAL = "cli: trivial commands"
FIRST = "cli: start to first job"
ROWS = {
    "aiomisc": (
        (TRIVIAL, "aiomisc", "s", aiomisc_run),
        (FIRST, "aiomisc", "ms", first_command),
        ("cli: start to first module job", "aiomisc", "ms", first_module_job),
        ("cli: 20,000 module jobs", "aiomisc", "s", module_jobs),
        ("cli: rate of a million jobs", "aiomisc", "jobs/s", long_run),
        ("cli: memory of a million jobs", "aiomisc", "KiB", memory_of_long_run),
    ),
    "xargs": ((TRIVIAL, "peer:xargs -P", "s", xargs),),
    "parallel": (
        (TRIVIAL, "peer:GNU parallel", "s", parallel),
        (FIRST, "peer:GNU parallel", "ms", first_parallel),
    ),
}

if __name__ == "__main__":
    # The first word says which launcher, so that the driver can alternate them.
    chosen = sys.argv.pop(1)
    if chosen != "aiomisc" and shutil.which(chosen) is None:
        sys.exit(f"{chosen} is not installed")
    peer.main("commands", ROWS[chosen])
