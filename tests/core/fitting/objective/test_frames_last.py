"""The chain of joints with frames last is that of the tree with frames first."""

from __future__ import annotations

import pytest
import torch

from core.fitting.objective.frames_last import Chain, product
from core.model.body import BodyModel, pose_features
from core.model.skinning import rotation_matrices
from tests import variants

SAME = 2e-6


def close(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """To some digits of float32."""
    return found.shape == expected.shape and float((found - expected).abs().max()) < SAME


@pytest.mark.parametrize("own_shapes", [False, True], ids=["one shape", "a shape a frame"])
def test_joints_and_rotations_of_the_tree(own_shapes: bool) -> None:
    body: BodyModel = variants.body_pair("built-in").target
    numbers = torch.Generator().manual_seed(3)
    poses = torch.randn(7, body.num_joints, 3, generator=numbers)
    # Where both series and formula are used, and at zero.
    poses[1] *= 1e-4
    poses[2] *= 1e-3
    poses[3] = 0
    betas = torch.randn(7, body.num_betas, generator=numbers) if own_shapes else None
    rest = body.rest_joints(body.coefficients(betas, None))
    root = torch.randn(7, 3, generator=numbers)
    relative = rotation_matrices(poses)
    world = body.tree.world_rotations(relative)
    joints = body.tree.joint_positions(world, rest, root)

    chain = Chain.of(body.tree, poses, rest, root)
    assert close(chain.relative.permute(3, 2, 0, 1), relative)
    assert close(chain.world.permute(3, 2, 0, 1), world)
    assert close(chain.places.permute(2, 1, 0), joints)
    assert close(chain.features(), pose_features(relative))
    motions = chain.motions(rest)
    origins = joints - (world @ rest.expand(7, -1, -1)[..., None]).squeeze(-1)
    assert close(motions[3].permute(2, 1, 0), origins)
    assert close(motions[:3].permute(3, 2, 1, 0), world)


def test_products_are_those_of_matrices() -> None:
    numbers = torch.Generator().manual_seed(1)
    left, right = torch.randn(2, 4, 5, 3, 3, generator=numbers)
    last = [matrices.permute(2, 3, 0, 1) for matrices in (left, right)]
    assert close(product(*last), (left @ right).permute(2, 3, 0, 1))
    assert close(product(last[0], last[1][:, 0]), (left @ right[..., :1])[..., 0].permute(2, 0, 1))
