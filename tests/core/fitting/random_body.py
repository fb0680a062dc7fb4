"""A small body of random numbers: nothing in it is easy, and every derivative is visible."""

from __future__ import annotations

import numpy as np

from core.correspond.load_bodies import load_bodies
from core.model.body import BodyModel


def random_body(seed: int = 0, vertices: int = 60, betas: int = 3) -> BodyModel:
    """An SMPL-X skeleton with random skin, weights, regressor and dense correctives."""
    rng = np.random.default_rng(seed)
    like = load_bodies().target
    joints = like.num_joints
    weights = rng.random((vertices, joints)) * (rng.random((vertices, joints)) < 0.1) + 1e-3
    regressor = rng.random((joints, vertices))
    return BodyModel(
        family="smplx",
        gender="neutral",
        joint_names=like.joint_names,
        parents=like.parents,
        faces=np.random.default_rng(seed).integers(0, vertices, (3 * vertices, 3), dtype=np.int32),
        v_template=rng.normal(scale=0.3, size=(vertices, 3)),
        shapedirs=rng.normal(scale=0.02, size=(vertices, 3, betas)),
        expressiondirs=np.zeros((vertices, 3, 0)),
        posedirs=rng.normal(scale=0.005, size=(vertices, 3, 9 * (joints - 1))),
        weights=weights / weights.sum(1, keepdims=True),
        J_regressor=regressor / regressor.sum(1, keepdims=True),
    )
