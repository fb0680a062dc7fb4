"""Harder bodies, derived from the built-in ones: what holds on easy bodies only does not hold."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch

from core.correspond.load_bodies import load_bodies
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from tests.harsher_bodies import harsher, with_many_betas

NAMES = ("built-in", "strong correctives", "dense correctives", "other shape basis")
# Costly and far from easy: for what must hold on bodies that nothing was tuned on.
HARSHER = ("harsher", "harsher female", "harsher male")
# The built-in target with 300 shape coefficients.
MANY_BETAS = "many betas"


@lru_cache(maxsize=6)
def body_pair(name: str, source: str = "smplh") -> BodyPair:
    """The built-in pair, or one of its variants, by name; made once."""
    pair = load_bodies(source=source)
    if name == "built-in":
        return pair
    if name == "strong correctives":
        return replace(pair, source=strengthened(pair.source), target=strengthened(pair.target))
    if name == "dense correctives":
        return replace(
            pair, source=with_dense_correctives(pair.source), target=with_dense_correctives(pair.target)
        )
    if name == "other shape basis":
        return replace(pair, source=with_other_shape_basis(pair.source))
    if name == MANY_BETAS:
        return replace(pair, target=with_many_betas(pair.target))
    if name in HARSHER:
        return harsher(pair, *name.split()[1:])
    raise ValueError(name)


def strengthened(body: BodyModel, factor: float = 3.0) -> BodyModel:
    """Pose correctives ``factor`` times as strong."""
    return replace(body, posedirs=body.posedirs.astype(np.float32) * factor, sha256=f"{body.sha256} strong")


def with_dense_correctives(body: BodyModel, millimetres: float = 0.6) -> BodyModel:
    """Adds small smooth values everywhere to the pose correctives, as licensed models have them.

    Each feature gets a slow wave over the rest shape; at pose features of about 0.3 rms the offsets are about
    ``millimetres`` rms.
    """
    rng = np.random.default_rng(5)
    features = body.posedirs.shape[2]
    waves = rng.normal(scale=4.0, size=(3, features))
    phases = rng.uniform(0, 2 * np.pi, size=(3, features))
    argument = body.v_template.astype(np.float64) @ waves
    smooth = np.stack([np.cos(argument + phase) for phase in phases], 1)
    scale = 1e-3 * millimetres / (0.3 * np.sqrt(features / 2))
    dense = body.posedirs.astype(np.float32) + (scale * smooth).astype(np.float32)
    return replace(body, posedirs=dense, sha256=f"{body.sha256} dense")


def with_other_rest_pose(body: BodyModel, degrees: float) -> BodyModel:
    """A rest shape with lowered arms, legs apart by half as much, and another build."""
    poses = torch.zeros(1, body.num_joints, 3)
    for name, axis, share in (
        ("left_shoulder", 2, -1.0),
        ("right_shoulder", 2, 1.0),
        ("left_elbow", 1, -0.5),
        ("left_hip", 2, 0.5),
        ("right_hip", 2, -0.5),
    ):
        poses[0, body.joint_names.index(name), axis] = np.radians(share * degrees)
    betas = torch.as_tensor(np.random.default_rng(1).normal(size=body.num_betas), dtype=torch.float32)
    rest = body.vertices(poses, betas, torch.zeros(1, 3))[0].numpy()
    return replace(body, v_template=rest, sha256=f"{body.sha256} other rest")


def with_other_shape_basis(body: BodyModel) -> BodyModel:
    """The shape basis rotated among its coefficients and rescaled: betas of other meaning and size."""
    rng = np.random.default_rng(7)
    rotation, _ = np.linalg.qr(rng.normal(size=(body.num_betas, body.num_betas)))
    scale = rng.uniform(0.4, 1.5, size=body.num_betas)
    shapedirs = (body.shapedirs.astype(np.float64) @ rotation * scale).astype(np.float32)
    return replace(body, shapedirs=shapedirs, sha256=f"{body.sha256} other basis")
