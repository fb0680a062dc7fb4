"""What frames of many clips in one lot could gain on a processor: ``python -m tests.bench.lots [CLIP ...]``.

A lot of several clips does for each frame what a long clip does, with a skin and matrices of its own for each
clip: at the very best its poses cost what those of a long clip do, and its shapes what the frames of one
large shape solve do. The first table tells milliseconds of processor time by the length of a clip, on one
thread, the least of a few runs; the second those of the shape by the frames that it is taken from, which
is how its fixed part shows. What a lot gains at most is by how much a short clip's frame is dearer than a
long one's, and the fixed part of the shape.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import torch

from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.recipe import ACCURATE, Recipe
from core.fitting.run import FitRun
from core.model.body_pair import BodyPair
from core.model.motion import Motion
from tests import variants
from tests.bench.fit_speed import looped
from tests.bench.short_clips import Stopwatch, watched

CLIPS = ("walk", "dance", "range_of_motion")
LENGTHS = (100, 200, 400, 800, 1600)
SHAPE_FRAMES = (6, 12, 24, 48, 96)


def least(motion: Motion, pair: BodyPair, recipe: Recipe, watch: Stopwatch, runs: int) -> dict[str, float]:
    """Milliseconds of a fit by what they go to, each the least of several runs."""
    taken = []
    for _ in range(runs):
        watch.taken()
        for _step in FitRun(motion, pair, recipe, device="cpu", threads=1):
            pass
        taken.append(watch.taken())
    return {name: min(each[name] for each in taken) for name in taken[0]}


def main() -> None:
    """Prints both tables in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("clips", nargs="*", default=CLIPS, metavar="CLIP")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--bodies", choices=variants.NAMES, default=variants.NAMES[0])
    chosen = options.parse_args()
    torch.set_num_threads(1)
    watch, pair = watched(), variants.body_pair(chosen.bodies)
    motions = {path.stem.removesuffix("_poses"): load_motion(path) for path in builtin_motions()}
    least(looped(motions["walk"], 100), pair, ACCURATE, watch, 1)
    print("| clip | frames | shape | poses | all else | poses a frame |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in chosen.clips:
        for frames in LENGTHS:
            found = least(looped(motions[name], frames), pair, ACCURATE, watch, chosen.runs)
            shape, poses = found["shape"], found["poses"]
            rest = found["whole"] - shape - poses
            print(f"| {name} | {frames} | {shape:.0f} | {poses:.0f} | {rest:.0f} | {poses / frames:.2f} |")
    print(f"\n| clip | {' | '.join(f'shape of {count} frames' for count in SHAPE_FRAMES)} |")
    print("|---|" + "---:|" * len(SHAPE_FRAMES))
    for name in chosen.clips:
        each = []
        for count in SHAPE_FRAMES:
            stages = tuple(replace(stage, shape_frames=count) for stage in ACCURATE.stages)
            found = least(
                looped(motions[name], 200), pair, replace(ACCURATE, stages=stages), watch, chosen.runs
            )
            each.append(f"{found['shape']:.0f}")
        print(f"| {name} | {' | '.join(each)} |", flush=True)


if __name__ == "__main__":
    main()
