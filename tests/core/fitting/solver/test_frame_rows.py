"""What steps on a device see of frames is what the objective and its matrices are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.fitting.objective.objective import FitSkin, Weighing
from core.fitting.objective.pose import Pose
from core.fitting.objective.term import Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.core_jacobian import core_jacobian
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.data_term import DataTerm
from core.fitting.solver.frame_rows import FrameRows
from core.fitting.solver.normal_equations import gradient, moved
from core.fitting.solver.skin_products import NormalMatrix, SkinStatistics
from core.fitting.terms.pose_prior import PosePrior
from core.fitting.terms.shape_prior import CoefficientPrior
from core.model.skinning import rotation_matrices
from tests.core.fitting.random_body import random_body

FRAMES = 3
WEIGHINGS = {
    "plain": Weighing(),
    "robust": Weighing(edge=0.5, loss="huber", scale=0.05),
    "by vertex": Weighing(loss="geman-mcclure", by_vertex=True, scale=0.05),
}
# Joints held, whether the body moves, and which coefficients frames have for themselves; None for a shape
# that they share.
UNKNOWNS: dict[str, tuple[set[int], bool, Any]] = {
    "all": (set(), True, None),
    "some": ({2, 3, 7, 22, 54}, False, None),
    "own": (set(), True, [0, 1, 2]),
    "some own": ({0, 5, 30}, False, [0, 2]),
    "own, held": (set(), True, []),
}


def some_frames(weighing: str, free: str) -> tuple[DataTerm, Pose, Terms, Unknowns]:
    body = random_body()
    rng = np.random.default_rng(3)
    weights = rng.uniform(0.5, 1.5, body.num_vertices).astype(np.float32)
    skin = FitSkin(body, weights, np.arange(body.num_betas), WEIGHINGS[weighing], dtype=torch.float64)
    shape = skin.shape(torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64))
    found = SkinStatistics(skin, NormalMatrix(skin), shape)

    def numbers(*size: int, scale: float = 0.5) -> Tensor:
        return torch.as_tensor(rng.normal(scale=scale, size=size))

    held, moves, own = UNKNOWNS[free]
    coefficients = None if own is None else np.array(own, dtype=int)
    unknowns = Unknowns.of(body.parents, held, moves, coefficients)
    targets = numbers(len(skin.vertices), 3, FRAMES)
    data = DataTerm(skin, shape, found, CorrectiveCurvature(skin, shape), targets)
    turns = numbers(2, FRAMES, body.num_joints, 3)
    betas = None if own is None else numbers(FRAMES, body.num_betas)
    pose = Pose(skin.tree.world_rotations(rotation_matrices(turns[0])), numbers(FRAMES, 3), betas)
    parts: list[Any] = [PosePrior(rotation_matrices(turns[1]), numbers(body.num_joints).square())]
    if own:
        solved = torch.zeros(body.num_betas, dtype=torch.float64)
        solved[own] = 0.3
        parts.append(CoefficientPrior("shape prior", solved))
    return data, pose, Terms(tuple(parts)), unknowns


@pytest.mark.parametrize("free", UNKNOWNS)
@pytest.mark.parametrize("weighing", WEIGHINGS)
def test_objective_gradient_and_matrix(weighing: str, free: str) -> None:
    data, pose, terms, unknowns = some_frames(weighing, free)
    rows = FrameRows(data, terms, unknowns, 1e-4, own=pose.betas is not None)
    rows.begin(pose, frozen=False)
    value = data.evaluate(pose, terms)
    assert torch.allclose(0.5 * rows.now.energy, value.energy)
    assert torch.allclose(rows.seen()[1], value.residual)
    slope = gradient(value, unknowns)
    assert torch.allclose(rows.now.slope.T, slope, atol=1e-9 * float(slope.abs().max()))
    there = data.matrix(pose, terms, unknowns, value.robust_weights).tril()
    assert torch.allclose(rows._matrix(False).tril(), there, atol=1e-9 * float(there.abs().max()))
    step = 0.1 * slope / slope.abs().max()
    rows.try_step(step, frozen=False)
    after = data.evaluate(moved(pose, -step, unknowns), terms)
    assert torch.allclose(0.5 * rows.next.energy, after.energy)
    slope = gradient(after, unknowns)
    assert torch.allclose(rows.next.slope.T, slope, atol=1e-9 * float(slope.abs().max()))


@pytest.mark.parametrize("free", UNKNOWNS)
@pytest.mark.parametrize("weighing", ["plain", "by vertex"])
def test_the_jacobian_of_the_core_set(weighing: str, free: str) -> None:
    data, pose, terms, unknowns = some_frames(weighing, free)
    rows = FrameRows(data, terms, unknowns, 1e-4, own=pose.betas is not None)
    rows.begin(pose, frozen=False)
    jacobian = rows._by_core()
    weights = data.evaluate(pose, terms).robust_weights
    there = core_jacobian(data.skin).squared(pose, data.shape, unknowns, weights)
    chosen = torch.as_tensor(unknowns.index("chosen", there.device))
    there = there[:, chosen[:, None], chosen]
    assert there.abs().max() > 0
    here = jacobian.transpose(1, 2) @ jacobian
    assert torch.allclose(here, there, atol=1e-9 * float(there.abs().max()))
