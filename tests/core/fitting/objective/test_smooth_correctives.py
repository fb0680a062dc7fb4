"""Dense correctives as few features and few modes: right to micrometres, and only where that pays."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.fitting.objective import smooth_correctives as smooth
from core.fitting.objective.objective import FitSkin
from core.fitting.objective.patches import Patches, smooth_correctives
from core.fitting.objective.pose import Pose
from core.fitting.objective.skin_pieces import SkinPieces
from core.model.body import BodyModel
from core.model.skinning import rotation_matrices
from tests.variants import body_pair

NONE = np.arange(0)


def patches(body: BodyModel) -> Patches:
    return Patches(body, np.arange(body.num_vertices), NONE, torch.float32)


# A skin's look multiplies each of them by each frame, there and back: what a fit on such bodies costs.
@pytest.mark.parametrize(("name", "share"), [("dense correctives", 0.3), ("harsher", 0.5)])
def test_dense_bodies_take_few_products(name: str, share: float) -> None:
    body = body_pair(name).target
    dense = 3 * body.num_vertices * body.posedirs.shape[2]
    for parts in (patches(body).patches, SkinPieces(body).pieces):
        assert sum(part.correctives.products for part in parts) < share * dense


def held(something: object) -> int:
    """Bytes of its tensors."""
    return sum(each.nbytes for each in vars(something).values() if isinstance(each, torch.Tensor))


def test_sparse_bodies_are_left_alone() -> None:
    for patch in patches(body_pair("built-in").target).patches:
        assert patch.correctives.directions is patch.directions
        parts = (patch.basis, patch.weights, patch.directions)  # and indices, which are small
        assert patch.nbytes < 1.1 * 4 * sum(part.numel() for part in parts) + held(patch.skinning)


@pytest.mark.parametrize("name", ["dense correctives", "harsher"])
def test_skin_is_right_to_micrometres(name: str) -> None:
    body, generator = body_pair(name).target, torch.Generator().manual_seed(0)
    # Harder than most: features of 0.3.
    poses = 0.3 * torch.randn(4, body.num_joints, 3, generator=generator)
    expected = body.vertices(poses, torch.zeros(10), torch.zeros(4, 3)).permute(1, 2, 0)
    pieces = SkinPieces(body)
    posed = pieces.posed(pieces.shape(torch.zeros(body.num_betas + body.num_expression)), poses)
    assert float((posed - expected[pieces.vertices]).abs().max()) < 1e-5
    assert float((posed - expected[pieces.vertices]).square().mean().sqrt()) < 1e-6
    skin, shown = FitSkin(body, np.ones(body.num_vertices), NONE), body.tree
    pose = Pose(shown.world_rotations(rotation_matrices(poses)), body.joint_template[:1].expand(4, 3))
    residual = skin.evaluate(pose, skin.shape(torch.zeros(0)), expected[skin.vertices].contiguous()).residual
    assert float(residual.abs().max()) < 1e-5
    assert float(residual.square().mean().sqrt()) < 1e-6


def test_gradient_is_that_of_what_is_posed() -> None:
    body, generator = body_pair("dense correctives").target, torch.Generator().manual_seed(1)
    poses = 0.3 * torch.randn(3, body.num_joints, 3, generator=generator)
    weights, slopes = np.ones(body.num_vertices), []
    for dtype in (torch.float32, torch.float64):
        skin = FitSkin(body, weights, NONE, dtype=dtype)
        root = body.joint_template[:1].expand(3, 3).to(dtype)
        pose = Pose(body.tree.world_rotations(rotation_matrices(poses.to(dtype))), root)
        targets = skin.evaluate(pose, skin.shape(root[0, :0]), root.new_zeros(len(weights), 3, 3)).residual
        targets = targets[np.argsort(skin.vertices)]
        moved = targets + 1e-3 * torch.sin(7 * targets)
        found = skin.evaluate(pose, skin.shape(root[0, :0]), moved[skin.vertices].contiguous())
        slopes.append(found.torque.double())
    # In double precision each feature has directions of its own.
    assert float((slopes[0] - slopes[1]).abs().max()) < 2e-3 * float(slopes[1].abs().max())


def directions(noise: float) -> torch.Tensor:
    """(300, 3, 180): waves over the vertices, the first 27 features sharp, and noise."""
    generator = torch.Generator().manual_seed(2)
    places = torch.rand(300, 3, generator=generator) * torch.tensor([1.0, 0.2, 0.1])
    phases = 6 * torch.rand(3, 180, generator=generator)
    waves = torch.cos((places @ (1.5 * torch.randn(3, 180, generator=generator)))[:, None] + phases)
    found = 1e-3 * waves
    found[..., :27] += 1e-2 * torch.randn(300, 3, 27, generator=generator)
    return found + noise * torch.randn(300, 3, 180, generator=generator)


def test_sharp_features_keep_directions_of_their_own() -> None:
    every = directions(0.0)
    found = smooth.Smooth.of(every)
    assert len(found.others) > 120
    assert min(found.others) >= 27
    plain = smooth.Correctives.plain(torch.arange(180), every.flatten(0, 1))
    some = found.beside(torch.arange(0, 300, 3), plain)
    left = found.modes @ found.mixtures.view(-1, 3 * len(found.others))
    left = left.view(300, 3, -1) - every[..., found.others]
    assert float(left.square().sum(2).mean().sqrt()) <= smooth.LEFT_OUT / smooth.TYPICAL * 1.5
    assert sorted([*some.features.tolist(), *some.others.tolist()]) == list(range(180))


@pytest.mark.parametrize("noise", [1e-4, 1e-2])
def test_rough_ones_are_left_alone(noise: float) -> None:
    every = directions(noise)
    assert not len(smooth.Smooth.of(every).others)
    body = smooth.Correctives.plain(torch.arange(180), every.flatten(0, 1))
    assert not smooth.take_little([body], 180)


def test_they_are_read_from_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    body = body_pair("dense correctives").source
    parts = body.held_by
    made = smooth.SmoothCorrectives(body, parts)
    monkeypatch.setattr(smooth.Smooth, "of", lambda *_: pytest.fail("made again"))
    read = smooth.SmoothCorrectives(body, parts)
    for part, one in made._found.items():
        for name, tensor in vars(one).items():
            assert torch.equal(tensor, getattr(read._found[part], name))


def test_they_are_made_once_and_go_with_their_body() -> None:
    body = replace(body_pair("dense correctives").source)
    assert smooth_correctives(body) is smooth_correctives(body)
    gone = weakref.ref(body)
    del body
    gc.collect()
    assert gone() is None
