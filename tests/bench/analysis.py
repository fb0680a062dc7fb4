"""What measuring a fit costs: ``python -m tests.bench.analysis [--pairs N] [--bodies NAME ...] [CLIP ...]``.

Each clip is fitted on one thread and then measured: all figures and the frames that stand out, which the
window does after every fit and `refit convert --problems` for each clip. Fit and analysis are taken in turns
in one process; the table tells medians of processor time and of their ratios. After it stands what the window
takes to pose another frame: after a jump, and the next one.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.fitting.posed_frames import PosedFrames
from core.fitting.recipe.recipe import ACCURATE
from core.fitting.run import FitRun
from core.measure.measure_motion import measure_motion
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.problems.detect import find_problems
from tests import variants
from tests.bench.fit_speed import looped

CLIPS = ("walk", "dance", "spinkick")
LENGTHS = (150, 300, 1000)
HEADINGS = "bodies|clip|frames|fit ms a frame|figures|problems|ratio|a jump ms|the next frame ms"


def processor_ms(work: Callable[[], object]) -> float:
    """Milliseconds of processor time."""
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


def fitted(motion: Motion, pair: BodyPair) -> FitResult:
    """A fit of all frames on one thread."""
    run = FitRun(motion, pair, ACCURATE, device="cpu", threads=1)
    for _ in run:
        pass
    return run.result()


def row(motion: Motion, pair: BodyPair, pairs: int) -> str:
    """The figures of one clip, as columns."""
    result = fitted(motion, pair)
    metrics = measure_motion(motion, pair, result)
    taken = []
    for _ in range(pairs):
        fit = processor_ms(lambda: fitted(motion, pair))
        figures = processor_ms(lambda: measure_motion(motion, pair, result))
        problems = processor_ms(lambda: find_problems(metrics))
        taken.append((fit, figures, problems, (figures + problems) / fit))
    *each, ratio = (statistics.median(column) for column in zip(*taken, strict=True))
    costs = [cost / len(motion) for cost in each]
    jump, following = shown(motion, pair, result)
    return "|".join((*(f"{cost:.3f}" for cost in costs), f"{ratio:.2f}", f"{jump:.1f}", f"{following:.1f}"))


def shown(motion: Motion, pair: BodyPair, result: FitResult) -> tuple[float, float]:
    """Milliseconds of a jump to another frame, and of the next one on the way, medians."""
    posed = PosedFrames(motion, pair, result)
    posed.prepare()
    jumps = np.random.default_rng(0).permutation(len(motion))[:40].tolist()
    jump = statistics.median(processor_ms(lambda at=at: posed.frame(at)) for at in jumps)
    posed = PosedFrames(motion, pair, result)
    posed.frame(0)
    count = 4 * ((min(len(motion), 120) - 1) // 4)
    following = processor_ms(lambda: [posed.frame(at) for at in range(1, 1 + count)]) / count
    return jump, following


def main() -> None:
    """Prints the table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("clips", nargs="*", default=CLIPS, metavar="CLIP")
    options.add_argument("--frames", type=int, nargs="*", default=LENGTHS)
    options.add_argument("--pairs", type=int, default=3)
    options.add_argument("--bodies", nargs="*", choices=variants.NAMES, default=variants.NAMES[:1])
    chosen = options.parse_args()
    torch.set_num_threads(1)
    motions = {path.stem.removesuffix("_poses"): path for path in builtin_motions()}
    print(f"| {' | '.join(HEADINGS.split('|'))} |")
    print("|---|---|" + "---:|" * (HEADINGS.count("|") - 1))
    for bodies in chosen.bodies:
        pair = variants.body_pair(bodies)
        for name in chosen.clips:
            for frames in chosen.frames:
                motion = looped(load_motion(motions[name]), frames)
                found = row(motion, pair, chosen.pairs).replace("|", " | ")
                print(f"| {bodies} | {name} | {frames} | {found} |", flush=True)


if __name__ == "__main__":
    main()
