"""Where frames stand while they are fitted, in the terms of files."""

from __future__ import annotations

import numpy as np
import torch

from core.fitting.objective.objective import Shape
from core.fitting.shape.shape_solve import ShapeFit
from core.fitting.solver.gauss_newton import PoseFit
from core.fitting.stage.partial_result import FittedChunk, fitted_chunk
from core.fitting.stage.progress import Snapshot
from core.fitting.stage.stage_problem import StageProblem


def taken(problem: StageProblem, frames: np.ndarray, shape: Shape, found: PoseFit) -> Snapshot:
    """Where some frames stand, in the terms of files.

    Args:
        problem: of the stage.
        frames: (n,) ids.
        shape: that they share.
        found: of the n frames.
    """
    trans = problem.motion.trans[frames]
    return as_taken(problem, frames, fitted_chunk(found, problem.skin, shape.betas, trans, problem.counted))


def as_taken(problem: StageProblem, frames: np.ndarray, chunk: FittedChunk) -> Snapshot:
    """The same of frames that are in the terms of files already."""
    betas, expression = np.split(chunk.coefficients, [problem.num_betas], axis=1)
    transl = chunk.transl + problem.motion.trans[frames]
    return Snapshot(chunk.poses, transl, betas, expression, chunk.energy, chunk.errors)


def shape_taken(problem: StageProblem, frames: np.ndarray, solved: ShapeFit) -> Snapshot:
    """Where the frames of a single chunk stand while the shape is solved from them; their energy is their
    share of the whole objective."""
    (chunk,), (value,) = solved.chunks, solved.values
    nothing = torch.zeros_like(value.energy, dtype=torch.int32)
    energy = torch.full_like(value.energy, solved.energy / solved.frames)
    found = PoseFit(chunk.pose, energy, value.residual, nothing > 0, nothing)
    return taken(problem, frames, solved.shape, found)
