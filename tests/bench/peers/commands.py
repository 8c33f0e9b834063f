# SPDX-License-Identifier: MIT
"""Launchers on commands that do nothing: xargs -P and GNU parallel, and aiomisc-run beside them."""

import shutil
import subprocess
import sys

import peer

COMMANDS = 2_000


def measured(argv, options):
    items = "".join(f"{number}\n" for number in range(peer.scaled(COMMANDS, options)))
    return peer.seconds(lambda: subprocess.run(
        argv, input=items, text=True, check=True, stdout=subprocess.DEVNULL))


def xargs(options):
    return measured(["xargs", f"-P{options.workers}", "-n1", "/bin/true"], options)


def parallel(options):
    return measured(["parallel", f"-j{options.workers}", "/bin/true"], options)


def aiomisc_run(options):
    return measured([options.aiomisc_run, f"-j{options.workers}", "/bin/true"], options)


ROWS = {
    "aiomisc": ("aiomisc-run on trivial commands", "aiomisc", "s", aiomisc_run),
    "xargs": ("aiomisc-run on trivial commands", "peer:xargs -P", "s", xargs),
    "parallel": ("aiomisc-run on trivial commands", "peer:GNU parallel", "s", parallel),
}

if __name__ == "__main__":
    # The first word says which launcher, so that the driver can alternate them.
    chosen = sys.argv.pop(1)
    if chosen != "aiomisc" and shutil.which(chosen) is None:
        sys.exit(f"{chosen} is not installed")
    peer.main("commands", [ROWS[chosen]])
