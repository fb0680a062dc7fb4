"""A GPU against the processor, in under ten minutes: ``python -m tests.bench.gpu [--out FILE]``.

On the built-in bodies and on dense correctives: whether both give the same fit, to 0.01 mm; how long 1,000,
10,000 and 100,000 frames take, stage by stage; how often the device is asked, and waited for, by torch's own
profiler; and what other chunks of frames would have taken. What is over the time allowed is left out and said
so. ``--pretended N`` tries the script itself on the pretended device, with at most N frames: its times say
nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.fitting import run as run_module
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.model.motion import Motion
from tests import variants
from tests.bench.fit_speed import looped
from tests.core.fitting.counted_calls import counted
from tests.core.fitting.pretended_gpu import pretended_gpu

FRAMES = (1_000, 10_000, 100_000)
CHUNKS = (256, 512, 1024, 2048, 4096)
PARITY_FRAMES, PARITY_MM = 200, 0.01
CASES = {
    "plain": ("built-in", FitSettings()),
    "dense correctives": ("dense correctives", FitSettings()),
    "own shape": ("built-in", FitSettings(shape="per-frame")),
    "smooth": ("built-in", FitSettings(smoothness=0.3)),
    "robust": ("built-in", FitSettings(robust="huber")),
}


def timed(motion: Motion, bodies: str, settings: FitSettings, device: str) -> tuple[FitRun, dict[str, float]]:
    """A finished run, and its seconds by stage, what it prepares first."""
    run = FitRun(motion, variants.body_pair(bodies), settings, device=device, threads=1)
    started = time.perf_counter()
    run.prepare()
    seconds: defaultdict[str, float] = defaultdict(float)
    seconds["prepare"] = time.perf_counter() - started
    started = time.perf_counter()
    for step in run:
        now = time.perf_counter()
        seconds[step.stage] += now - started
        started = now
    return run, dict(seconds)


def parity(clip: Motion, name: str) -> str:
    """Whether the device gives the processor's fit."""
    bodies, settings = CASES[name]
    here, there = (timed(clip, bodies, settings, device)[0].result() for device in ("cpu", "cuda"))
    off = float(np.abs(here.mean_mm - there.mean_mm).max())
    where = there.provenance["device"]
    good = "yes" if off <= PARITY_MM and where == "cuda" else "**no**"
    shares = f"{here.converged.mean():.2f} | {there.converged.mean():.2f}"
    return f"| {name} | {len(clip)} | {off:.4f} | {shares} | {good} |"


def asked(clip: Motion, name: str, on_real: bool) -> str:
    """Launches, waits and copies of a fit."""
    bodies, settings = CASES[name]
    timed(clip, bodies, settings, "cuda")
    if not on_real:
        with counted() as calls:
            timed(clip, bodies, settings, "cuda")
        return f"| {name} | {len(clip)} | {calls.launches} | {calls.waits} | {calls.copies} |"
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
        timed(clip, bodies, settings, "cuda")
    counts: defaultdict[str, int] = defaultdict(int)
    for event in seen.key_averages():
        counts[event.key] += event.count
    launches = sum(count for key, count in counts.items() if "LaunchKernel" in key)
    waits = sum(count for key, count in counts.items() if "Synchronize" in key)
    copies = sum(count for key, count in counts.items() if "Memcpy HtoD" in key)
    return f"| {name} | {len(clip)} | {launches} | {waits} | {copies} |"


def speed(motion: Motion, name: str) -> str:
    """Seconds by stage."""
    bodies, settings = CASES[name]
    run, seconds = timed(motion, bodies, settings, "cuda")
    result, total = run.result(), sum(seconds.values()) - seconds["prepare"]
    stages = ", ".join(f"{stage} {each:.2f}" for stage, each in seconds.items())
    return f"| {name} | {len(motion)} | {stages} | {len(motion) / total:.0f} | {result.mean_mm.mean():.3f} |"


def with_chunk(motion: Motion, size: int) -> str:
    """Frames a second with chunks of another size."""
    usual = run_module.cuda_chunk
    run_module.cuda_chunk = lambda device, bytes_a_frame: size
    try:
        _, seconds = timed(motion, *CASES["plain"], "cuda")
    finally:
        run_module.cuda_chunk = usual
    return f"| {size} | {len(motion) / seconds['pose']:.0f} |"


class Table:
    """Lines as they come, on the screen and in a file, for as long as there is time.

    Args:
        path: of the file, or None.
        seconds: allowed.
    """

    def __init__(self, path: Path | None, seconds: float) -> None:
        self._path, self._lines = path, list[str]()
        self._until = time.monotonic() + seconds

    def say(self, line: str) -> None:
        """Adds a line."""
        print(line, flush=True)
        self._lines.append(line)
        if self._path is not None:
            self._path.write_text("\n".join(self._lines) + "\n", encoding="utf-8")

    def heading(self, title: str, *columns: str) -> None:
        """Begins a table."""
        self.say(f"\n**{title}**\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")

    def row(self, name: str, make: Callable[[], str]) -> None:
        """Adds a line that takes a while; one that fails is told, and the next ones go on."""
        if time.monotonic() > self._until:
            self.say(f"| {name}: no time left |")
            return
        try:
            self.say(make())
        except Exception as error:
            self.say(f"| {name}: {type(error).__name__}: {str(error).partition(chr(10))[0]} |")


@contextlib.contextmanager
def device(pretended: bool) -> Iterator[str]:
    """The device's name, within it."""
    if pretended:
        with pretended_gpu():
            yield "pretended device"
    else:
        yield torch.cuda.get_device_name()


def measure(table: Table, frames: tuple[int, ...], chunks: tuple[int, ...], few: int, on_real: bool) -> None:
    """All tables."""
    clips = {path.stem.removesuffix("_poses"): path for path in builtin_motions()}
    dance, walk = load_motion(clips["dance"]), load_motion(clips["walk"])
    table.heading("The same fit", "case", "frames", "most mm apart", "converged", "there", "same")
    for name in CASES:
        table.row(name, lambda name=name: parity(dance.cut(0, few), name))  # type: ignore[misc]
    table.heading("How often it is asked", "case", "frames", "launches", "waits", "copies")
    for name in CASES:
        table.row(name, lambda name=name: asked(dance.cut(0, few), name, on_real))  # type: ignore[misc]
    table.heading("Seconds by stage", "case", "frames", "seconds", "frames/s", "mean mm")
    for count in frames:
        table.row("plain", lambda count=count: speed(looped(walk, count), "plain"))  # type: ignore[misc]
    for name in list(CASES)[1:]:
        table.row(name, lambda name=name: speed(looped(walk, frames[0]), name))  # type: ignore[misc]
    table.heading("Other chunks", "frames at once", "frames/s of the poses")
    for size in chunks:
        motion = looped(walk, max(frames[:2]))
        table.row(str(size), lambda size=size, motion=motion: with_chunk(motion, size))  # type: ignore[misc]


def main() -> None:
    """Prints the tables in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, help="a file for the tables, too")
    options.add_argument("--seconds", type=float, default=540, help="no line begins later than that")
    options.add_argument("--pretended", type=int, metavar="N", help="try it without a device, on N frames")
    chosen = options.parse_args()
    table, few = Table(chosen.out, chosen.seconds), chosen.pretended
    with device(few is not None) as name:
        table.say(f"{name}, torch {torch.__version__}")
        if few is None:
            measure(table, FRAMES, CHUNKS, PARITY_FRAMES, True)
        else:
            measure(table, (few,), (few, -(-few // 2)), few, False)


if __name__ == "__main__":
    main()
