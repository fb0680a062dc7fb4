"""A small fitting problem of random numbers, with an expression and edges, that every term can be seen on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.fitting.reference.autograd_unknowns import FitState
from core.model.body import BodyModel
from core.model.skinning import rotation_matrices
from tests.core.fitting.random_body import random_body

FRAMES = 3


def small_body() -> BodyModel:
    """A random body with a strip of triangles and two expression coefficients."""
    body = random_body()
    strip = np.arange(body.num_vertices - 2)
    expression = np.random.default_rng(1).normal(scale=0.02, size=(body.num_vertices, 3, 2))
    faces = np.stack((strip, strip + 1, strip + 2), 1).astype(np.int32)
    return replace(body, faces=faces, expressiondirs=expression)


@dataclass(frozen=True, eq=False)
class SmallProblem:
    """Targets of a random state, the rotations that priors refer to, and a state some way off."""

    body: BodyModel
    targets: Tensor  # (n, V, 3)
    weights: np.ndarray  # (V,), one in six zero
    source: Tensor  # (n, J, 3, 3)
    truth: FitState
    state: FitState


def small_problem(frames: int = FRAMES, off: float = 0.2, noise: float = 0.01) -> SmallProblem:
    """A problem with its own shape and expression a frame, float64."""
    body, generator = small_body(), torch.Generator().manual_seed(2)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    def near(state: FitState, scale: float) -> FitState:
        values = (state.poses, state.transl, state.betas, state.expression)
        return FitState(*(value + scale * normal(*value.shape) for value in values))

    truth = near(FitState.rest(body, frames), 0.4)
    poses, betas, transl, expression = (
        value.float() for value in (truth.poses, truth.betas, truth.transl, truth.expression)
    )
    targets = body.vertices(poses, betas, transl, expression).double()
    targets = targets + noise * normal(*targets.shape)
    weights = np.random.default_rng(3).uniform(0.5, 1.5, body.num_vertices)
    weights[::6] = 0
    source = rotation_matrices(truth.poses + 0.1 * normal(*truth.poses.shape))
    return SmallProblem(body, targets, weights, source, truth, near(truth, off))


def shared(state: FitState) -> FitState:
    """The same with the first frame's shape and expression for all."""
    return replace(state, betas=state.betas[0], expression=state.expression[0])
