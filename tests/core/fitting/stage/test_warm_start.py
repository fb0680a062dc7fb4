"""Frames start where those around them say that they will end."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from core.fitting.objective.objective import FitSkin
from core.fitting.objective.pose import Pose
from core.fitting.stage.warm_start import KnownFrames
from core.model.skinning import rotation_matrices
from tests.core.fitting.random_body import random_body

BODY = random_body()
SKIN = FitSkin(BODY, np.ones(BODY.num_vertices), np.arange(BODY.num_betas), dtype=torch.float64)
AXES = torch.nn.functional.normalize(
    torch.randn(BODY.num_joints, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64), dim=1
)


def fitted(frames: np.ndarray, angle: Tensor) -> tuple[Pose, Tensor, Tensor]:
    """Fits whose joints turn away from their source by an angle each frame, about an axis of their own, their
    source, and its root."""
    generator = torch.Generator().manual_seed(1)
    each = torch.randn(200, BODY.num_joints, 3, generator=generator, dtype=torch.float64)
    source = rotation_matrices(each[frames])
    world = SKIN.tree.world_rotations(source @ rotation_matrices(angle[:, None, None] * AXES))
    roots = torch.as_tensor(np.column_stack((frames, 0 * frames, frames**2)), dtype=torch.float64)
    # As seen from the body the root lies aside by the angle.
    aside = source[:, 0] @ (angle[:, None] * torch.tensor([1.0, 2.0, -1.0], dtype=torch.float64))[..., None]
    return Pose(world, roots + aside.squeeze(-1)), source, roots


def started(at: list[int], frames: np.ndarray, rate: Tensor) -> tuple[Pose, Pose]:
    """Where ``frames`` start, knowing those ``at``, and where they should; the angle a frame is ``rate``."""
    known = np.array(at)
    pose, source, its = fitted(known, rate[known])
    wanted, seen, roots = fitted(frames, rate[frames])
    return KnownFrames(SKIN, known, pose, source, its).start(frames, seen, roots, True), wanted


@pytest.mark.parametrize("at", [[10, 20, 30, 40], [10, 13, 30, 41], [10, 41], [10, 11, 12, 41]])
def test_what_changes_evenly_is_met_exactly(at: list[int]) -> None:
    found, wanted = started(
        at, np.arange(10, 42)[np.arange(10, 42) <= at[-1]], 0.01 * torch.arange(200.0).double()
    )
    assert torch.allclose(found.world, wanted.world, atol=1e-9)
    assert torch.allclose(found.root, wanted.root, atol=1e-9)


def test_what_changes_faster_and_faster_is_followed() -> None:
    rate = 1e-4 * torch.arange(200.0).double().square()
    found, wanted = started([0, 8, 16, 24, 32, 40], np.arange(8, 33), rate)
    assert torch.allclose(found.world, wanted.world, atol=1e-9), (
        "a parabola, between frames equally far apart"
    )


def test_outside_what_is_known_the_nearest_holds() -> None:
    found, _ = started([50, 60], np.array([0, 49, 61, 150]), 0.01 * torch.arange(200.0).double())
    held = torch.full((200,), 0.5).double()
    held[60:] = 0.6
    wanted, _, _ = fitted(np.array([0, 49, 61, 150]), held[[0, 49, 61, 150]])
    assert torch.allclose(found.world, wanted.world, atol=1e-9)
    assert torch.allclose(found.root, wanted.root, atol=1e-9)


def test_a_single_known_frame_is_enough() -> None:
    found, wanted = started([5], np.array([3, 5, 90]), torch.full((200,), 0.3).double())
    assert torch.allclose(found.world, wanted.world, atol=1e-9)


def test_a_body_that_does_not_move_as_a_whole_has_the_sources_root() -> None:
    known = np.array([0, 10])
    pose, source, roots = fitted(known, torch.ones(2).double())
    middle = KnownFrames(SKIN, known, pose, source, roots).start(np.array([5]), source[:1], roots[:1], False)
    assert torch.equal(middle.root, roots[:1])
    assert not torch.allclose(pose.root, roots)


def test_known_frames_of_another_posture_have_no_say() -> None:
    known, rate = np.array([10, 20, 30, 40]), 0.01 * torch.arange(200.0).double()
    pose, source, roots = fitted(known, rate[known])
    mine = KnownFrames(SKIN, known, pose, source, roots)
    # Frame 24 is like the one after it alone, 26 like none: each is where it is although others are close.
    seen = torch.stack(
        (source[2], rotation_matrices(torch.full((BODY.num_joints, 3), 1.7).double()) @ source[1])
    )
    assert mine.near(np.array([24, 26]), seen).tolist() == [True, False]
    assert mine.near(np.array([24, 95]), source[[2, 3]]).tolist() == [True, False], "the last is long ago"
    found = mine.start(np.array([24]), seen[:1], roots[2:3], True)
    assert torch.allclose(found.world, pose.world[2:3], atol=1e-9)
    assert torch.allclose(found.root, pose.root[2:3], atol=1e-9)
