"""A data set through ``refit convert``: ``python -m tests.bench.many_clips [--clips N] [--pairs N]``.

Clips of 100 to 600 frames of 20 people, cut from the built-in motions, by one process on one thread and by
two workers, in turn, as often as there are pairs: clips a minute once all processes have done their first,
and processor seconds a clip. Where others use the machine too, these say what two processors of its own would
take. ``--memory FEW MANY`` measures the peak of resident memory with so many tiny clips; ``--heap``
what a worker loses that gives every large array back to the system at once.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from core.batch.worker_count import HEAP
from core.catalogue.journal import Event, journals, read_on
from tests.bench.short_clips import written_clips
from tests.core.clip_files import clip_arrays

PEOPLE = 20
POLLED_SECONDS = 0.1
TRAP = {HEAP: "65536"}
"""As Dask sets it for its workers."""


@dataclass
class Measured:
    """A run.

    Attributes:
        wall: seconds.
        processor: seconds of all its processes.
        used: by time, seconds since 1970, the processor seconds so far.
        done: when each clip was done, seconds since 1970.
        peaks: MiB of resident memory, of the process that was called and of the largest worker.
    """

    wall: float = 0.0
    processor: float = 0.0
    used: list[tuple[float, float]] = field(default_factory=list)
    done: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def a_clip(self, first: int) -> float:
        """Processor seconds a clip after so many."""
        times, used = zip(*self.used, strict=True)
        return (used[-1] - float(np.interp(self.done[first - 1], times, used))) / (len(self.done) - first)

    def a_minute(self, first: int) -> float:
        """Clips a minute after so many."""
        return 60 * (len(self.done) - first) / (self.done[-1] - self.done[first - 1])


def converted(
    source: Path,
    *more: str,
    environment: dict[str, str] | None = None,
    prepare: Callable[[Path], None] = lambda _: None,
) -> Measured:
    """Converts a folder into an empty one, or what ``prepare`` makes of it, and measures it."""
    found, over = Measured(), threading.Event()
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        prepare(out)
        command = [
            sys.executable,
            "-m",
            "core",
            "convert",
            str(source),
            "-o",
            str(out),
            "--device",
            "cpu",
            *more,
        ]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        with subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        ) as run:
            watch = threading.Thread(target=_watch, args=(psutil.Process(run.pid), found, over))
            watch.start()
            _, said = run.communicate()
            over.set()
            watch.join()
        assert run.returncode == 0, said
        found.wall = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        lines = (line for path in journals(out) for _, lines in read_on(path) for line in lines)
        found.done = sorted(one.at for one in lines if isinstance(one, Event) and one.state == "done")
    return found


def _watch(run: psutil.Process, found: Measured, over: threading.Event) -> None:
    while not over.wait(POLLED_SECONDS):
        try:
            found.peaks[0] = max(found.peaks[0], _peak(run.pid))
            children = run.children()
            workers = [_peak(one.pid) for one in children]
            spent = [one.cpu_times() for one in (run, *children)]
            so_far = sum(one.user + one.system for one in spent)
            # Of workers that are gone already nothing is told any more.
            found.used.append((time.time(), max([so_far, *(one for _, one in found.used[-1:])])))
        except (OSError, psutil.Error):
            continue
        found.peaks[1] = max([found.peaks[1], *workers])


def _peak(pid: int) -> float:
    """MiB that a process has had at most, of Linux."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def pairs(folder: Path, clips: int, count: int, preset: str) -> None:
    """One process against two workers."""
    written_clips(folder, clips, PEOPLE)
    ratios, of_processors = [], []
    print("| pair | load | one: clips a minute | s a clip | two: clips a minute | s a clip | times |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for number in range(count):
        load = os.getloadavg()[0]
        ways = {"one": ("--jobs", "1", "--threads", "1"), "two": ("--jobs", "2")}
        order = ("one", "two") if number % 2 == 0 else ("two", "one")
        found = {way: converted(folder, "--preset", preset, *ways[way]) for way in order}
        one, two = found["one"], found["two"]
        rates = one.a_minute(1), two.a_minute(2)
        ratios.append(rates[1] / rates[0])
        costs = one.a_clip(1), two.a_clip(2)
        of_processors.append(2 * costs[0] / costs[1])
        print(
            f"| {number + 1} | {load:.1f} | {rates[0]:.0f} | {costs[0]:.3f} | {rates[1]:.0f} | "
            f"{costs[1]:.3f} | {ratios[-1]:.2f} |",
            flush=True,
        )
    print(
        f"\nmedian times {statistics.median(ratios):.2f}; by processor seconds, with two of one's own: ",
        end="",
    )
    print(f"{statistics.median(of_processors):.2f}")


def memory(folder: Path, counts: list[int], fitted: int) -> None:
    """Peaks with few and with many clips of two frames, of which so many are fitted, and the others found."""
    clip, result = folder / "clip.npz", folder / "result.npz"
    np.savez(clip, **clip_arrays("walk", slice(2)))
    quick = ("--preset", "fast", "--device", "cpu", "--threads", "1")
    subprocess.run([sys.executable, "-m", "core", "convert", clip, "-o", result, *quick], check=True)
    print("| clips | one process, MiB | two workers: who asked, MiB | the larger worker, MiB |")
    print("|---:|---:|---:|---:|")
    for count in counts:
        some = folder / str(count)
        some.mkdir()
        for number in range(count):
            shutil.copy(clip, some / f"{number:05d}_poses.npz")

        def prepare(out: Path, count: int = count) -> None:
            out.mkdir()
            for number in range(fitted, count):
                shutil.copy(result, out / f"{number:05d}_stageii.npz")

        one = converted(some, *quick, prepare=prepare)
        two = converted(some, *quick, "--jobs", "2", prepare=prepare)
        print(f"| {count:,} | {one.peaks[0]:.0f} | {two.peaks[0]:.0f} | {two.peaks[1]:.0f} |", flush=True)


def heap(folder: Path, clips: int, preset: str) -> None:
    """Processor seconds a clip with and without the trap."""
    written_clips(folder, clips)
    one = ("--preset", preset, "--jobs", "1", "--threads", "1")
    found = [[converted(folder, *one, environment=way).processor for way in ({}, TRAP)] for _ in range(3)]
    plain, trapped = (statistics.median(pair[way] for pair in found) for way in (0, 1))
    print(f"{clips} clips: {plain:.1f} processor seconds, with {HEAP} {trapped:.1f}: ", end="")
    print(f"{trapped / plain:.2f} times")


def main() -> None:
    """Prints the tables in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clips", type=int, default=200)
    options.add_argument("--pairs", type=int, default=7)
    options.add_argument("--preset", default="accurate")
    options.add_argument("--memory", type=int, nargs="+", metavar="CLIPS")
    options.add_argument("--fitted", type=int, default=50, help="of those of --memory")
    options.add_argument("--heap", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if chosen.memory:
            memory(Path(name), chosen.memory, chosen.fitted)
        elif chosen.heap:
            heap(Path(name), chosen.clips, chosen.preset)
        else:
            pairs(Path(name), chosen.clips, chosen.pairs, chosen.preset)


if __name__ == "__main__":
    main()
