"""How fast and how close: ``python -m tests.bench.fit_speed [--frames N] [--threads N] [CLIP ...]``.

Each clip is fitted on the built-in bodies. The cost of a frame is given in milliseconds and in forward passes
of the `smplx` package (batch 64, one thread), timed in the same process just before and after, as these
machines are shared and noisy.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core.bodies import BodyPair, builtin_motions
from core.body import BodyModel
from core.files.motions import load_motion
from core.fitting.run import FitRun
from core.motion import Motion
from tests import variants
from tests.smplx_layers import arguments, layer

BATCH = 64


@dataclass(frozen=True)
class Row:
    """One line of the table: a clip on a pair of bodies."""

    bodies: str
    clip: str
    frames: int
    mean: float
    p95: float
    most: float
    milliseconds: float
    passes: float


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
    return theirs / BATCH, ours / BATCH


def fit(motion: Motion, pair: BodyPair, threads: int) -> tuple[FitRun, float]:
    """A finished run and the seconds it took."""
    run = FitRun(motion, pair, device="cpu", threads=threads)
    started = time.perf_counter()
    for _ in run:
        pass
    return run, time.perf_counter() - started


def measure(name: str, clip: Path, frames: int, threads: int) -> Row:
    """Fits one clip, looped or cut to ``frames``, on one pair of bodies."""
    pair, motion = variants.body_pair(name), load_motion(clip)
    if frames:
        index = np.arange(frames) % len(motion)
        motion = Motion(
            motion.family,
            motion.poses[index],
            motion.trans[index],
            motion.betas,
            frame_rate=motion.frame_rate,
        )
    before, _ = forward_passes(pair.target)
    run, seconds = fit(motion, pair, threads)
    after, _ = forward_passes(pair.target)
    figures = run.result().summary()
    a_frame = seconds / len(motion)
    return Row(
        name,
        clip.stem.removesuffix("_poses"),
        len(motion),
        figures["mean"],
        figures["p95"],
        figures["max"],
        1000 * a_frame,
        a_frame / (0.5 * (before + after)),
    )


def main() -> None:
    """Prints the table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("clips", nargs="*", help="names of built-in clips; default: all")
    options.add_argument("--frames", type=int, default=0, help="loop or cut each clip to this many frames")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--variants", action="store_true", help="on the harder bodies too")
    chosen = options.parse_args()
    theirs, ours = forward_passes(variants.body_pair("built-in").target)
    print(f"{platform.machine()}, torch {torch.__version__}, {chosen.threads} thread(s)")
    print("One forward pass, batch 64, one thread, ms a frame:")
    print(f"smplx {1000 * theirs:.2f}, Refit {1000 * ours:.2f} ({theirs / ours:.1f} times as fast)")
    print()
    print("| bodies | clip | frames | mean mm | p95 mm | max mm | ms a frame | forward passes |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for name in variants.NAMES if chosen.variants else variants.NAMES[:1]:
        for clip in builtin_motions():
            if chosen.clips and clip.stem.removesuffix("_poses") not in chosen.clips:
                continue
            row = measure(name, clip, chosen.frames, chosen.threads)
            print(
                f"| {row.bodies} | {row.clip} | {row.frames} | {row.mean:.2f} | {row.p95:.2f} "
                f"| {row.most:.1f} | {row.milliseconds:.1f} | {row.passes:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
