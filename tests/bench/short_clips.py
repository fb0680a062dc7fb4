"""What a short clip costs: ``python -m tests.bench.short_clips [--clips N] [--hold] [--bodies NAME]``.

Clips of 100 to 600 frames, cut from the built-in motions and worn by several people, are converted file by
file in one process on one thread, as `refit convert` does, and measured as the window does. The table tells
milliseconds of processor time a clip by what they go to: medians over the clips after the first, and the
first by itself. With ``--hold`` each clip is fitted once more with the shape that was found held, which is
what ``--betas`` and ``--share-shape`` do.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.commands.shapes.held_shape import held
from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.fitting import run as run_module
from core.fitting.recipe.recipe import ACCURATE, Recipe
from core.fitting.run import FitRun
from core.fitting.shape.shape_solve import ShapeFit
from core.fitting.stage.stage import PoseStage
from core.measure.measure_motion import measure_motion
from core.model.body_pair import BodyPair, within
from core.model.fit_result import FitResult
from core.outputs.results import save_result
from core.problems.detect import find_problems
from tests import variants
from tests.core.clip_files import clip_arrays

LENGTHS = (100, 150, 220, 300, 400, 500, 600)
CLIPS = ("walk", "range_of_motion", "dance", "cartwheel", "range_of_motion", "backflip")
PEOPLE = 5
HEADINGS = ("reading", "preparing", "shape", "poses", "analysis", "writing", "else", "whole")


class Stopwatch:
    """Processor time of the process, by what it goes to; what lies within another is not in that."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(HEADINGS, 0.0)
        self._within = ["else"]
        self._since = time.process_time()

    def _charge(self) -> None:
        now = time.process_time()
        self.spent[self._within[-1]] += now - self._since
        self._since = now

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """What is done within counts as ``name``."""
        self._charge()
        self._within.append(name)
        try:
            yield
        finally:
            self._charge()
            self._within.pop()

    def taken(self) -> dict[str, float]:
        """Milliseconds since the last time, by heading."""
        self._charge()
        found = {name: 1000 * seconds for name, seconds in self.spent.items()}
        found["whole"] = sum(found.values())
        self.spent = dict.fromkeys(HEADINGS, 0.0)
        return found

    def counts(self, owner: Any, name: str, heading: str) -> None:
        """From now on a function, by its owner and name, counts as ``heading``."""
        plain: Callable[..., Any] = getattr(owner, name)

        def timed(*arguments: Any, **keywords: Any) -> Any:
            with self.on(heading):
                return plain(*arguments, **keywords)

        setattr(owner, name, timed)


def written_clips(folder: Path, count: int, people: int = PEOPLE) -> list[Path]:
    """Files as AMASS writes them, of 100 to 600 frames where the motion has as many."""
    rng = np.random.default_rng(3)
    shapes = rng.normal(scale=1.0, size=(people, 16)).astype(np.float32)
    lengths = {path.stem.removesuffix("_poses"): len(load_motion(path)) for path in builtin_motions()}
    found = []
    for index in range(count):
        name = CLIPS[index % len(CLIPS)]
        frames = min(LENGTHS[index % len(LENGTHS)], lengths[name])
        first = int(rng.integers(lengths[name] - frames + 1))
        arrays = clip_arrays(name, slice(first, first + frames), betas=shapes[index % people])
        path = folder / f"{index:03d}_{name}_poses.npz"
        np.savez(path, **arrays)
        found.append(path)
    return found


def converted(
    path: Path, output: Path, pair: BodyPair, watch: Stopwatch, recipe: Recipe, betas: np.ndarray | None
) -> FitResult:
    """One file fitted, written and measured."""
    with watch.on("reading"):
        motion = within(load_motion(path), pair.source)
    run = FitRun(motion, pair, recipe, device="cpu", threads=1, betas=betas)
    for _ in run:
        pass
    result = run.result()
    with watch.on("writing"):
        save_result(output, result)
    with watch.on("analysis"):
        find_problems(measure_motion(motion, pair, result))
    return result


def watched() -> Stopwatch:
    """A stopwatch to which the parts of a run tell their time; they work one at a time on one thread."""
    watch = Stopwatch()
    watch.counts(FitRun, "_problem", "preparing")
    watch.counts(run_module, "shape_fit", "shape")
    watch.counts(ShapeFit, "step", "shape")
    watch.counts(run_module, "PoseStage", "poses")
    watch.counts(PoseStage, "fit", "poses")
    return watch


def line(name: str, found: dict[str, float]) -> str:
    """A line of the table."""
    return f"| {name} | {' | '.join(f'{found[heading]:.0f}' for heading in HEADINGS)} |"


def main() -> None:
    """Prints the tables in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clips", type=int, default=40)
    options.add_argument("--hold", action="store_true", help="and again with the shape held")
    options.add_argument("--bodies", choices=variants.NAMES, default=variants.NAMES[0])
    chosen = options.parse_args()
    torch.set_num_threads(1)
    watch = watched()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = written_clips(folder, chosen.clips)
        with watch.on("preparing"):
            pair = variants.body_pair(chosen.bodies)
        ways: dict[str, list[dict[str, float]]] = {}
        frames, began, found = 0, time.perf_counter(), []
        for path in clips:
            found.append(converted(path, path.with_suffix(".out.npz"), pair, watch, ACCURATE, None))
            frames += len(found[-1])
            ways.setdefault("found", []).append(watch.taken())
        seconds = time.perf_counter() - began
        if chosen.hold:
            for path, fit in zip(clips, found, strict=True):
                other = converted(path, path.with_suffix(".held.npz"), pair, watch, held(ACCURATE), fit.betas)
                assert len(other) == len(fit)
                ways.setdefault("held", []).append(watch.taken())
    print(f"{platform.machine()}, torch {torch.__version__}, one thread, {chosen.bodies} bodies")
    print(f"{len(clips)} clips of {frames // len(clips)} frames on average: ", end="")
    print(f"{60 * len(clips) / seconds:.0f} a minute; mean {mean_mm(found):.4f} mm\n")
    print(f"| shape | {' | '.join(HEADINGS)} |")
    print("|---|" + "---:|" * len(HEADINGS))
    for way, rows in ways.items():
        print(line(f"{way}, the first", rows[0]))
        later = rows[1:] or rows
        medians = {heading: statistics.median(row[heading] for row in later) for heading in HEADINGS}
        print(line(f"{way}, those after it", medians))


def mean_mm(found: list[FitResult]) -> float:
    """Mean v2v over all frames of all clips."""
    return float(np.concatenate([fit.mean_mm for fit in found]).mean())


if __name__ == "__main__":
    main()
