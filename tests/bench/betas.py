"""What more shape coefficients bring: ``python -m tests.bench.betas [--bodies NAME] [CLIP ...]``.

Each clip is fitted with 10, 16, 50, 100 and 300 betas: millimetres, the largest beta (standard deviations),
and processor time of the shape alone, on one thread.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch

from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.model.body_pair import BodyPair
from core.model.motion import Motion
from tests import variants

COUNTS = (10, 16, 50, 100, 300)


def row(motion: Motion, pair: BodyPair, settings: FitSettings) -> str:
    """Fits one motion and gives the end of a line of the table."""
    started, shape = time.process_time(), 0.0
    run = FitRun(motion, pair, settings, device="cpu", threads=1)
    for step in run:
        if step.stage == "shape":
            shape = time.process_time() - started
    result = run.result()
    p95, largest = np.nanmean(result.p95_mm), np.abs(result.betas).max()
    return (
        f"{np.nanmean(result.mean_mm):.2f} | {p95:.2f} | {largest:.1f} | {result.converged.mean():.0%} "
        f"| {shape:.2f}"
    )


def main() -> None:
    """Prints the table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("clips", nargs="*", help="names of built-in clips; default: all")
    options.add_argument("--bodies", default="harsher", help="as in tests.variants")
    options.add_argument("--prior", type=float, nargs="+", default=[FitSettings().shape_prior])
    options.add_argument("--counts", type=int, nargs="+", default=list(COUNTS))
    chosen = options.parse_args()
    torch.set_num_threads(1)
    pair = variants.body_pair(chosen.bodies)
    clips = {path.stem.removesuffix("_poses"): path for path in builtin_motions()}
    print(f"{chosen.bodies}, {pair.target.num_betas} coefficients\n")
    print("| clip | shape prior | betas | mean mm | p95 mm | largest beta | converged | shape s |")
    print("|---|" + "---:|" * 7)
    for clip in chosen.clips or clips:
        motion = load_motion(clips[clip])
        for prior in chosen.prior:
            for count in chosen.counts:
                settings = FitSettings(num_betas=count, shape_prior=prior)
                print(f"| {clip} | {prior:g} | {count} | {row(motion, pair, settings)} |", flush=True)


if __name__ == "__main__":
    main()
