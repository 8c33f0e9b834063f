# SPDX-License-Identifier: MIT
"""Thumbnails of photographs, from files to files: aiomisc-run with the job of examples/thumbnails, Pillow in a pool of
processes, GNU parallel with vipsthumbnail; and the floor, djpeg that decodes to an eighth of the size and writes
nothing, on one core, divided by the workers that the others have."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import peer

PHOTOGRAPHS = 128
FOLDER = "/usr/share/backgrounds/mate"    # of Debian's mate-backgrounds
SIZE = 256
QUALITY = 85
JOB = Path(__file__).resolve().parents[3] / "examples/thumbnails/thumbnail.cpp"
WHAT = "thumbnails of photographs"


def photographs(folder, count):
    """`count` names of photographs below `folder`, the same for every side: each file under several names."""
    files = sorted(Path(FOLDER).rglob("*.jpg"))
    if not files:
        sys.exit(f"no photographs below {FOLDER}")
    names = [folder / f"{number:03}.jpg" for number in range(count)]
    for number, name in enumerate(names):
        name.symlink_to(files[number % len(files)])
    return [str(name) for name in names]


def quiet(argv):
    return peer.seconds(lambda: subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))


def djpeg(sources, _target, options):
    def decode():
        for source in sources:
            subprocess.run(["djpeg", "-scale", "1/8", "-outfile", "/dev/null", source], check=True)
    return peer.seconds(decode) / min(options.workers, os.cpu_count())


def aiomisc_run(sources, target, options):
    job = [options.aiomisc_run, f"-j{options.workers}", str(JOB), f"size={SIZE}", "src={}"]
    # What compiles the job, once on a machine, is not measured.
    subprocess.run([*job, f"dst={target}/first.jpg", ":::", sources[0]], check=True, stdout=subprocess.DEVNULL)
    return quiet([*job, f"dst={target}/{{/}}", ":::", *sources])


def pillow_thumbnail(source, target):
    from PIL import Image    # in the workers alone
    with Image.open(source) as image:
        image.draft("RGB", (SIZE, SIZE))
        image.thumbnail((SIZE, SIZE))
        image.save(target, quality=QUALITY)


def pillow(sources, target, options):
    targets = [f"{target}/{Path(source).name}" for source in sources]

    def run():
        with ProcessPoolExecutor(options.workers) as pool:
            list(pool.map(pillow_thumbnail, sources, targets))
    return peer.seconds(run)


def parallel(sources, target, options):
    return quiet(["parallel", f"-j{options.workers}", "vipsthumbnail", "{}", "--size", str(SIZE),
                  "-o", f"{target}/%s.jpg[Q={QUALITY}]", ":::", *sources])


SIDES = {
    "djpeg": ("floor", djpeg),
    "aiomisc": ("aiomisc", aiomisc_run),
    "pillow": ("peer:Pillow in ProcessPoolExecutor", pillow),
    "parallel": ("peer:GNU parallel vipsthumbnail", parallel),
}


def measured(measure):
    def run(options):
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "thumbnails")
            target.mkdir()
            count = peer.scaled(PHOTOGRAPHS, options)
            value = measure(photographs(Path(folder), count), target, options)
            made = len(list(target.glob("[0-9]*.jpg")))
            if measure is not djpeg and made != count:
                sys.exit(f"{made} thumbnails of {count} photographs")
            return value
    return run


if __name__ == "__main__":
    side, measure = SIDES[sys.argv.pop(1)]
    peer.main("thumbnails", [(WHAT, side, "s", measured(measure))])
