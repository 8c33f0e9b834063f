# SPDX-License-Identifier: MIT
"""aiomisc-run and its oracles, each started in a folder that is made for one run and removed behind it."""

import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

LIMIT = 60    # seconds; what takes longer hangs, on the slowest machine
DISTURBING = ("PARALLEL", "PARALLEL_ENV", "PARALLEL_SEQ", "PARALLEL_JOBSLOT")


@dataclass(frozen=True)
class Outcome:
    status: int
    out: bytes
    err: bytes


@dataclass(frozen=True)
class Program:
    """What is tested or compared with. In scripts, and on the command lines in reports, its name is AR."""
    name: str
    path: str

    def run(self, words, stdin=b"", files=None):
        """Runs it with these words, which are bytes or text."""
        return self._run([b"AR", *map(as_bytes, words)], stdin, files)

    def script(self, text, files=None, words=(), stdin=b"", tools=None):
        """Runs a script of the shell that calls it as AR; the words are "$@", and `tools` are other scripts, there."""
        return self._run([b"sh", b"-c", as_bytes(text), b"script", *map(as_bytes, words)], stdin, files, tools)

    def _run(self, argv, stdin, files, tools=None):
        with tempfile.TemporaryDirectory(prefix="differential.") as folder:
            top = Path(folder)
            for part in ("bin", "home", "tmp", "work"):
                (top / part).mkdir()
            (top / "bin/AR").symlink_to(self.path)
            for name, content in (tools or {}).items():
                write(os.fsencode(top / "bin"), name, content)
                (top / "bin" / name).chmod(0o700)
            for name, content in (files or {}).items():
                write(os.fsencode(top / "work"), name, content)
            return run_bounded(argv, stdin, top / "work", environment(top))


def as_bytes(text):
    return text if isinstance(text, bytes) else os.fsencode(text)


def write(folder, name, content):
    """Its name may be no text."""
    with open(os.path.join(folder, as_bytes(name)), "wb") as file:
        file.write(as_bytes(content))


def environment(top):
    clean = {name: value for name, value in os.environ.items() if name not in DISTURBING}
    return clean | {
        "HOME": str(top / "home"), "TMPDIR": str(top / "tmp"), "XDG_CACHE_HOME": str(top / "home/cache"),
        "PATH": f"{top / 'bin'}:{os.environ['PATH']}", "LC_ALL": "C", "TERM": "dumb",
        "PARALLEL_HOME": str(top / "home"), "PARALLEL_SHELL": "/bin/sh",
        "AIOMISC_RUN_OPTS": "--summary never"}


def run_bounded(argv, stdin, folder, variables):
    """Output goes to files: a survivor that holds a pipe would keep us waiting for its end."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        with subprocess.Popen(argv, stdin=given, stdout=out, stderr=err, cwd=folder, env=variables,
                              executable=shutil.which(os.fsdecode(argv[0]), path=variables["PATH"]),
                              start_new_session=True) as process:
            try:
                status = process.wait(timeout=LIMIT)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                status = f"still runs after {LIMIT} s"
        out.seek(0)
        err.seek(0)
        return Outcome(status, out.read(), err.read())
