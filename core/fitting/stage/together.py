"""Some frames of a stage solved together, those that its others start from: with the shape, where that is
solved, or at the one that is known."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np
import torch

from core.fitting.shape.shape_frames import ShapeChunk
from core.fitting.shape.shape_solve import ShapeFit
from core.fitting.stage.frame_chunks import spread
from core.fitting.stage.stage_problem import StageProblem
from core.model.vertex_errors import lengths_mm

# So many frames at most are solved together where the shape is known: all, or where there are more, one of so
# many and at least so many; from there on their neighbours cost less.
MOST, ONE_OF, LEAST = 48, 8, 32
# Where a run starts is measured on so many frames.
START_FRAMES = 32


def shape_fit(
    problem: StageProblem,
    chunks: list[np.ndarray],
    pool: Executor,
    stopped: Callable[[], bool],
) -> ShapeFit:
    """The joint solve of the coefficients that frames share; to be stepped by the caller.

    Args:
        problem: of the stage.
        chunks: ids of the frames it is solved from.
        pool: runs the chunks.
        stopped: asked between steps.
    """
    solved = problem.shape_unknowns(np.concatenate(chunks))

    def chunk(frames: np.ndarray) -> ShapeChunk:
        targets = problem.targets.at(frames)
        start = problem.begin(frames, targets, solved.start)
        return ShapeChunk(frames, start, targets, problem.terms(frames))

    return ShapeFit(
        problem.skin,
        problem.normal,
        list(pool.map(chunk, chunks)),
        problem.unknowns,
        solved,
        iterations=problem.settings.iterations,
        tolerance=problem.settings.tolerance,
        pool=pool,
        stopped=stopped,
        frozen=problem.origin != "current",
        counted=problem.counted,
        core=problem.shape_core(sum(map(len, chunks))),
    )


def known_shape_fit(
    problem: StageProblem, frames: np.ndarray, pool: Executor, stopped: Callable[[], bool]
) -> tuple[np.ndarray, ShapeFit | None]:
    """A few frames solved together at the shape that there is, for the others to start from: one by one each
    of the first would come from afar at several times the cost.

    Args:
        problem: of the stage.
        frames: ids of all that are to be fitted.
        pool: runs them.
        stopped: asked between steps.

    Returns:
        The ids of the few, and where they are; None where frames do not start from others.
    """
    few = max(LEAST, min(MOST, len(frames) // ONE_OF))
    some = frames if len(frames) <= MOST else spread(frames, few)
    if not problem.starts_beside(len(some)):
        return some, None
    solved = shape_fit(problem, [some], pool, stopped)
    for _ in range(problem.settings.iterations):
        if solved.step() or stopped():
            break
    return some, solved


@torch.inference_mode()
def start_mm(problem: StageProblem, frames: np.ndarray) -> float:
    """Mean v2v in millimetres of where these frames start, as some of them tell."""
    frames = spread(frames, START_FRAMES)
    targets, coefficients = problem.targets.at(frames), problem.shape_unknowns(frames).start
    pose = problem.begin(frames, targets, coefficients)
    _, residual = problem.skin.value_and_residuals(pose, problem.skin.shape(coefficients), targets)
    return float(lengths_mm(residual if problem.counted is None else residual[problem.counted], 1).mean())
