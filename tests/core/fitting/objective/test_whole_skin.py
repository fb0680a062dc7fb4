"""Skins posed in patches are those that blending gives, on every body and whatever the motion has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.fitting.objective.skin_pieces import SkinPieces
from core.fitting.objective.whole_skin import MotionSkin, OnePatchSkin, shared_coefficients
from core.model.body import BodyModel
from core.model.motion import Motion
from core.model.posing import posed
from tests import variants
from tests.core.fitting.random_body import random_body

FRAMES = slice(2, 7)
SAME = 2e-6
"""Metres; some digits of float32."""


def motion_in(body: BodyModel) -> Motion:
    """Nine frames of random poses, with two numbers for the face, of which nothing comes yet."""
    rng = np.random.default_rng(4)
    return Motion(
        family=body.family,
        poses=rng.normal(scale=0.4, size=(9, body.num_joints, 3)).astype(np.float32),
        trans=rng.normal(size=(9, 3)).astype(np.float32),
        betas=rng.normal(size=3).astype(np.float32),
        gender="neutral",
        frame_rate=30.0,
    )


def blended(motion: Motion, body: BodyModel) -> np.ndarray:
    """(V, 3, n) the frames by `BodyModel`, seen from where the motion stands."""
    vertices = posed(replace(motion, trans=np.zeros_like(motion.trans)), body, FRAMES)[0]
    return vertices.transpose(1, 2, 0)


BODIES = {
    **{f"target of {name}": name for name in variants.NAMES},
    "SMPL-H": "",
    "random": "random",
}


def body_called(name: str) -> BodyModel:
    """One of `BODIES`."""
    if name == "random":
        return random_body()
    return variants.body_pair(name).target if name else variants.body_pair("built-in").source


@pytest.mark.parametrize("name", BODIES.values(), ids=BODIES)
def test_patches_give_what_blending_gives(name: str) -> None:
    body = body_called(name)
    motion = motion_in(body)
    skin = MotionSkin(motion, body)
    assert sorted(skin.vertices) == list(range(body.num_vertices))
    found = skin.at(FRAMES).numpy()
    # Smooth correctives are mixed of few modes.
    same = 4 * SAME if "dense" in name else SAME
    assert np.abs(found - blended(motion, body)[skin.vertices]).max() < same
    aside = np.random.default_rng(1).normal(scale=0.1, size=(5, 3))
    assert np.abs(skin.at(FRAMES, aside).numpy() - found - aside.T).max() < SAME


def with_own_betas(motion: Motion, body: BodyModel) -> Motion:
    own = np.random.default_rng(2).normal(size=(9, 3)).astype(np.float32)
    return replace(motion, frame_betas=own)


def with_a_face(motion: Motion, body: BodyModel) -> Motion:
    face = np.random.default_rng(2).normal(size=(9, body.num_expression)).astype(np.float32)
    return replace(motion, expression=face)


def with_one_face(motion: Motion, body: BodyModel) -> Motion:
    face = with_a_face(motion, body).expression
    assert face is not None
    return replace(motion, expression=np.repeat(face[:1], 9, 0))


def as_meshes(motion: Motion, body: BodyModel) -> Motion:
    vertices = posed(motion, body, slice(None))[0]
    return replace(motion, poses=motion.poses[:, :0], vertices=vertices)


@pytest.mark.parametrize("change", [with_own_betas, with_a_face, with_one_face, as_meshes])
def test_whatever_the_motion_has(change) -> None:  # type: ignore[no-untyped-def]
    body = variants.body_pair("built-in").target
    motion = change(motion_in(body), body)
    skin = MotionSkin(motion, body)
    expected = blended(motion, body) if motion.has_poses else None
    if expected is None:
        assert motion.vertices is not None
        expected = (motion.vertices - motion.trans[:, None])[FRAMES].transpose(1, 2, 0)
    found = skin.at(FRAMES).numpy()
    assert np.abs(found - expected[skin.vertices]).max() < SAME

    # Piece by piece: each in one part, all of them together the skin.
    parts = [part.clone() for part in skin.in_pieces(FRAMES)]
    assert np.abs(torch.cat(parts, 1).transpose(0, 1).numpy() - found).max() < SAME
    for rows, part in zip(skin.pieces, parts, strict=True):
        assert part.shape[1] == rows.stop - rows.start
        assert len(np.unique(body.vertex_part[skin.vertices[rows]])) == 1


@pytest.mark.parametrize("name", BODIES.values(), ids=BODIES)
def test_many_frames_are_posed_as_few_are(name: str) -> None:
    body = body_called(name)
    motion = motion_in(body).some(np.arange(40) % 9)
    skin = MotionSkin(motion, body)
    expected = np.concatenate([skin.at(slice(first, first + 5)).numpy() for first in range(0, 40, 5)], 2)
    assert np.abs(skin.at(slice(None)).numpy() - expected).max() < SAME
    pieces = torch.cat([part.clone() for part in skin.in_pieces(slice(None))], 1).transpose(0, 1)
    assert np.abs(pieces.numpy() - expected).max() < SAME


def test_a_device_poses_what_the_processor_does() -> None:
    body = variants.body_pair("strong correctives").target
    motion = motion_in(body)
    coefficients = shared_coefficients(motion, body)
    assert coefficients is not None
    poses, aside = torch.as_tensor(motion.poses), torch.as_tensor(motion.trans)
    found = []
    for skin in (SkinPieces(body), OnePatchSkin(body)):
        shape, points = skin.shape(coefficients), np.empty((2, body.num_vertices, 3, 9), dtype=np.float32)
        points[0, skin.vertices] = skin.posed(shape, poses, aside).numpy()
        for rows, part in zip(skin.slices, skin.in_pieces(shape, poses, aside), strict=True):
            points[1, skin.vertices[rows]] = part.transpose(0, 1).numpy()
        found.append(points)
    assert np.abs(found[0] - found[1]).max() < SAME


@pytest.mark.parametrize("change", [lambda motion, body: motion, with_a_face, as_meshes])
def test_frames_of_no_use_harm_no_other(change) -> None:  # type: ignore[no-untyped-def]
    body = variants.body_pair("built-in").target
    motion = change(motion_in(body), body)
    expected = MotionSkin(motion, body).at(FRAMES).numpy()
    broken = {"poses": motion.poses.copy(), "expression": motion.expression, "vertices": motion.vertices}
    for name, values in broken.items():
        if values is not None and values.size:
            broken[name] = values.copy()
            broken[name][4] = np.nan
    usable = np.arange(9) != 4
    skin = MotionSkin(replace(motion, **broken), body)
    found = skin.at(FRAMES, usable=usable[FRAMES]).numpy()
    assert np.isfinite(found).all()
    good = usable[FRAMES]
    assert np.abs(found - expected)[..., good].max() < SAME
