"""How fast and how close: ``python -m tests.bench.fit_speed [--frames N] [--variants] [--pairs N] [CLIP
...]``.

Each clip is fitted on the built-in bodies, with the presets fast and accurate, on one and two threads, and on
CUDA where there is one. The cost of a frame is given in milliseconds and in forward passes of the `smplx`
package (batch 64, one thread), timed in the same process just before and after, as such machines are often
shared and noisy. What is prepared once for a pair of bodies is timed by itself and not in the rows. Other
methods on the same targets: ``python -m tests.bench.published``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from core.commands.cli import parser
from core.commands.convert import convert
from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.recipe import ACCURATE, FAST, Recipe
from core.fitting.run import FitRun
from core.measure.measure_motion import measure_motion
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.motion import Motion
from tests import variants
from tests.smplx_layers import arguments, layer

BATCH = 64
HEADINGS = "bodies|clip|preset|on|frames|mean mm|p95 mm|max mm|jitter mm/frame²|ms a frame|forward passes"


def median_seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Median time of ``work``, after one call that warms up."""
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def forward_passes(body: BodyModel) -> tuple[float, float]:
    """Seconds a frame of one forward pass, batch 64, one thread: the `smplx` package's and ours."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    poses = 0.3 * torch.randn(BATCH, body.num_joints, 3, generator=generator)
    betas, transl = torch.randn(10, generator=generator), torch.zeros(BATCH, 3)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        package = layer(body, Path(folder), BATCH)
        keywords = arguments(body.family, poses)
        each = betas.expand(BATCH, -1).contiguous()
        theirs = median_seconds(lambda: package(betas=each, transl=transl, **keywords))
        ours = median_seconds(lambda: body.vertices(poses, betas, transl))
    torch.set_num_threads(before)
    return theirs / BATCH, ours / BATCH


def looped(motion: Motion, frames: int) -> Motion:
    """The motion, looped or cut to ``frames``; 0 leaves it as it is."""
    index = np.arange(frames or len(motion)) % len(motion)
    return replace(motion, poses=motion.poses[index], trans=motion.trans[index])


def fit(motion: Motion, pair: BodyPair, recipe: Recipe, threads: int, device: str) -> tuple[FitRun, float]:
    """A finished run and the seconds it took."""
    run = FitRun(motion, pair, recipe, device=device, threads=threads)
    started = time.perf_counter()
    for _ in run:
        pass
    return run, time.perf_counter() - started


def row(name: str, clip: Path, frames: int, recipe: Recipe, threads: int, device: str) -> str:
    """Fits one clip on one pair of bodies and gives a line of the table."""
    pair, motion = variants.body_pair(name), looped(load_motion(clip), frames)
    # The first fit with a pair prepares it.
    fit(motion.cut(0, 2), pair, recipe, threads, device)
    before, _ = forward_passes(pair.target)
    run, seconds = fit(motion, pair, recipe, threads, device)
    after, _ = forward_passes(pair.target)
    result = run.result()
    figures = result.summary()
    jitter = measure_motion(motion, pair, result).summary()["jitter_mm"]["mean"]
    each = seconds / len(motion)
    numbers = (figures["mean"], figures["p95"], figures["max"])
    where = device.upper() if device != "cpu" else f"{threads} thread{'s' * (threads > 1)}"
    cells = (name, clip.stem.removesuffix("_poses"), recipe.name, where, str(len(motion)))
    passes = each / (0.5 * (before + after))
    return (
        f"| {' | '.join(cells)} | {numbers[0]:.2f} | {numbers[1]:.2f} | {numbers[2]:.1f} | {jitter:.3f} "
        f"| {1000 * each:.2f} | {passes:.2f} |"
    )


def two_threads(clip: Path, frames: int, pairs: int) -> str:
    """How many times as fast two threads are: the median over paired runs."""
    pair, motion = variants.body_pair("built-in"), looped(load_motion(clip), frames)
    fit(motion.cut(0, 2), pair, ACCURATE, 1, "cpu")
    ratios = []
    for _ in range(pairs):
        seconds = [fit(motion, pair, ACCURATE, threads, "cpu")[1] for threads in (1, 2)]
        ratios.append(seconds[0] / seconds[1])
    each = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
    return (
        f"Two threads on {len(motion)} frames of {clip.stem}: {statistics.median(ratios):.2f} times ({each})"
    )


def file_to_file(clip: Path) -> str:
    """What `refit convert` adds to the fit of one file, on one thread: reading, measuring, writing."""
    pair, motion = variants.body_pair("built-in"), load_motion(clip)
    fit(motion.cut(0, 2), pair, ACCURATE, 1, "cpu")
    times = []
    for _ in range(3):
        _, alone = fit(motion, pair, ACCURATE, 1, "cpu")
        with tempfile.TemporaryDirectory() as folder:
            options = parser().parse_args(
                ["convert", str(clip), "-o", f"{folder}/out.npz", "--threads", "1", "--device", "cpu"]
            )
            started = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):
                convert(options)
            times.append((time.perf_counter() - started) / alone)
    return f"File to file, {len(motion)} frames of {clip.stem}: {statistics.median(times):.2f} times the fit"


def main() -> None:
    """Prints the tables in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("clips", nargs="*", help="names of built-in clips; default: all")
    options.add_argument("--frames", type=int, default=0, help="loop or cut each clip to this many frames")
    options.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options.add_argument("--variants", action="store_true", help="on the harder bodies and the harsher pair")
    options.add_argument("--bodies", nargs="+", default=[], help="on these alone, as in tests.variants")
    options.add_argument("--presets", nargs="+", choices=(FAST.name, ACCURATE.name), help="default: both")
    options.add_argument("--pairs", type=int, default=5, help="paired runs on one and two threads; 0: none")
    chosen = options.parse_args()
    clips = {path.stem.removesuffix("_poses"): path for path in builtin_motions()}
    wanted = [clips[name] for name in chosen.clips or clips]
    theirs, ours = forward_passes(variants.body_pair("built-in").target)
    print(f"{platform.machine()}, torch {torch.__version__}")
    print(f"One forward pass, batch 64, one thread: smplx {1000 * theirs:.2f} ms a frame, ", end="")
    print(f"Refit {1000 * ours:.2f} ({theirs / ours:.1f} times as fast)")
    started = time.perf_counter()
    fit(load_motion(wanted[0]).cut(0, 2), variants.body_pair("built-in"), FAST, 1, "cpu")
    print(f"Preparing a pair of bodies and fitting two frames: {time.perf_counter() - started:.2f} s\n")
    print(f"| {HEADINGS.replace('|', ' | ')} |")
    print("|---|---|---|---" + "|---:" * 7 + "|")
    places = [("cpu", threads) for threads in chosen.threads]
    if torch.cuda.is_available():
        places.append(("cuda", 1))
    everything = (*variants.NAMES, *variants.HARSHER[:1])
    presets = [recipe for recipe in (FAST, ACCURATE) if recipe.name in (chosen.presets or [recipe.name])]
    for name in chosen.bodies or (everything if chosen.variants else variants.NAMES[:1]):
        for clip in wanted:
            for recipe in presets:
                for device, threads in places:
                    print(row(name, clip, chosen.frames, recipe, threads, device), flush=True)
    print()
    if chosen.pairs:
        print(two_threads(wanted[0], chosen.frames or 1000, chosen.pairs))
        print(file_to_file(clips["range_of_motion"]))


if __name__ == "__main__":
    main()
