"""How one frame comes to its fit: the body at the start, after every iteration and after every stage.

found = frame_steps(motion, bodies, recipe, frame, start=result)
for step in found.steps:
    print(step.kind, step.iteration, step.mean_mm)
body_after_first_stage = found.fit(found.ends[0])
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.errors import RefitError
from core.fitting.recipe.recipe import Recipe
from core.fitting.run import FitRun
from core.fitting.stage.progress import Progress, Snapshot
from core.measure.fit_failure import judged
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion

# Nearer than this two bodies are the same step: a stage begins where the one before has ended.
SAME_RADIANS, SAME_METRES = 1e-5, 1e-6


@dataclass(frozen=True, eq=False)
class FrameStep:
    """The frame after an iteration.

    Attributes:
        stage: place of the stage in the recipe, from 0; -1 for the start.
        kind: ``'edge'``, ``'translation'`` or ``'vertex'``; ``'start'`` for the start.
        phase: ``'shape'`` while the shape is solved with the pose, ``'pose'``, or ``'smooth'``.
        iteration: within the stage, from 1; 0 for the start.
        objective: what the phase minimises, square metres.
        taken: where the frame stands.
    """

    stage: int
    kind: str
    phase: str
    iteration: int
    objective: float
    taken: Snapshot

    @property
    def mean_mm(self) -> float:
        """Mean v2v."""
        return float(self.taken.errors.mean[0])


@dataclass(frozen=True, eq=False)
class FrameSteps:
    """A frame from the start to its fit.

    Attributes:
        frame: id.
        recipe: that it was fitted with.
        steps: the start, and every iteration that moved the body.
        ends: by stage, index of the step that it ended with.
        result: the fit with this frame as it was in the end.
        left_device: why the run left the device that was asked for, a sentence; empty where it did not.
    """

    frame: int
    recipe: Recipe
    steps: tuple[FrameStep, ...]
    ends: tuple[int, ...]
    result: FitResult
    left_device: str = ""

    def __len__(self) -> int:
        return len(self.steps)

    def iterations(self, stage: int) -> int:
        """How many iterations a stage took."""
        return sum(step.stage == stage for step in self.steps)

    def fit(self, index: int) -> FitResult:
        """The fit with the frame as it was after a step; all other frames are as they are."""
        result, taken, frame = self.result, self.steps[index].taken, self.frame
        changes: dict[str, Any] = {
            name: getattr(result, name).copy()
            for name in (
                "poses", "transl", "expression", "converged", "mean_mm", "median_mm", "p95_mm", "max_mm",
                "part_mm",
            )
        }  # fmt: skip
        changes["poses"][frame], changes["transl"][frame] = taken.poses[0], taken.transl[0]
        changes["expression"][frame, : taken.expression.shape[1]] = taken.expression[0]
        if index + 1 < len(self.steps):
            changes["converged"][frame] = False
        for name in ("mean", "median", "p95", "max", "part"):
            changes[f"{name}_mm"][frame] = getattr(taken.errors, name)[0]
        shared = result.betas if result.frame_betas is None else result.frame_betas[frame]
        betas = shared.copy()
        betas[: taken.betas.shape[1]] = taken.betas[0]
        if result.frame_betas is not None:
            changes["frame_betas"] = result.frame_betas.copy()
            changes["frame_betas"][frame] = betas
        elif not np.array_equal(betas, shared):
            # Only a frame that is fitted by itself finds a shape by itself.
            changes["betas"] = betas
        return judged(result, **changes)


def frame_steps(
    motion: Motion,
    bodies: BodyPair,
    recipe: Recipe,
    frame: int,
    start: FitResult | None = None,
    *,
    device: str = "auto",
    check: Callable[[], object] | None = None,
) -> FrameSteps:
    """Fits a frame by itself, as `FitRun` does, and keeps every step.

    Args:
        motion: the source.
        bodies: source, target and correspondence.
        recipe: what to do.
        frame: id.
        start: a fit of the motion, whose shape and other frames are kept; None for none.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        check: called between steps; what it raises ends the fit.

    Raises:
        RefitError: as `FitRun`; or the recipe is the published method, whose steps are not kept.
    """
    if recipe.method != "gauss-newton":
        raise RefitError("The published method keeps no steps; choose another recipe to see them.")
    waiting: list[Snapshot] = []
    run = FitRun(
        motion,
        bodies,
        recipe,
        frames=np.array([frame]),
        start=start,
        device=device,
        threads=1,
        watch=waiting.append,
    )
    steps: list[FrameStep] = []
    ends = [0] * len(recipe.stages)
    with closing(iter(run)) as progress:  # type: ignore[type-var]
        for at in progress:
            if check is not None:
                check()
            _add(steps, at, waiting)
            waiting.clear()
            ends[at.index :] = [len(steps) - 1] * (len(ends) - at.index)
    return FrameSteps(frame, recipe, tuple(steps), tuple(ends), run.result(), run.left_device)


def _add(steps: list[FrameStep], at: Progress, seen: list[Snapshot]) -> None:
    """Adds the steps that a run has told of, without those that did not move the body."""
    now = (at.index, at.stage)
    if not steps and seen:
        steps.append(FrameStep(-1, "start", at.stage, 0, float(seen[0].energy[0]), seen[0]))
        seen = seen[1:]
    elif len(seen) > 1 and now != (steps[-1].stage, steps[-1].phase):
        # Where a phase begins is no iteration of it.
        seen = seen[1:]
    for taken in seen:
        last = steps[-1]
        if _same(last.taken, taken):
            steps[-1] = replace(last, taken=taken)
            continue
        number = last.iteration + 1 if last.stage == at.index else 1
        steps.append(FrameStep(at.index, at.kind, at.stage, number, float(taken.energy[0]), taken))


def _same(one: Snapshot, other: Snapshot) -> bool:
    return bool(
        np.abs(one.poses - other.poses).max() < SAME_RADIANS
        and np.abs(one.transl - other.transl).max() < SAME_METRES
        and _alike(one.betas, other.betas)
        and _alike(one.expression, other.expression)
    )


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """The same coefficients; a stage may solve more of them than the one before."""
    most = max(one.shape[1], other.shape[1])
    wide = [np.pad(values, ((0, 0), (0, most - values.shape[1]))) for values in (one, other)]
    return bool(np.abs(wide[0] - wide[1]).max(initial=0.0) < SAME_RADIANS)
