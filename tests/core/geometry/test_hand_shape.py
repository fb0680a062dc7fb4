"""The shape of a hand does not depend on the order in which its vertices are given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.geometry.rigid_alignment import HandShape
from tests import variants


@pytest.mark.parametrize("order", ["in a row", "scattered"])
def test_hands_laid_on_each_other_as_scipy_does(order: str) -> None:
    body, rng = variants.body_pair("built-in").target, np.random.default_rng(2)
    vertices = np.argsort(body.held_by, kind="stable")
    if order == "scattered":
        vertices = rng.permutation(vertices)
    target = body.v_template[vertices, :, None] + rng.normal(scale=0.01, size=(len(vertices), 3, 4))
    turn = Rotation.from_rotvec([0.3, -0.8, 0.5])
    fit = np.einsum("ij,vjn->vin", turn.as_matrix(), target) + 0.2
    fit += rng.normal(scale=0.004, size=fit.shape)
    given = (torch.as_tensor(points, dtype=torch.float32).transpose(0, 1) for points in (fit, target))
    found = HandShape(body, vertices).error_mm(*given)

    names = np.array(body.joint_names)[body.held_by[vertices]]
    for side, word in enumerate(("left", "right")):
        palm = names == f"{word}_wrist"
        fingers = tuple(f"{word}_{name}" for name in ("index", "middle", "ring", "pinky", "thumb", "hand"))
        hand = palm | np.char.startswith(names[:, None], fingers).any(1)
        for frame in range(4):
            ours, theirs = fit[..., frame], target[..., frame]
            centre, goal = ours[palm].mean(0), theirs[palm].mean(0)
            best, _ = Rotation.align_vectors(theirs[palm] - goal, ours[palm] - centre)
            apart = best.apply(ours[hand] - centre) + goal - theirs[hand]
            assert found[frame, side] == pytest.approx(1000 * np.linalg.norm(apart, axis=1).mean(), abs=1e-3)
