"""Posing agrees with the `smplx` package, on the built-in bodies and their variants."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.model.body import FEW_FRAMES, BodyModel
from core.model.skinning import quaternions, rotation_matrices, rotation_vectors
from tests import variants
from tests.smplx_layers import arguments, layer

FRAMES = 5


def random_state(body: BodyModel, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    return {
        "poses": 0.6 * normal(FRAMES, body.num_joints, 3),
        "betas": 1.5 * normal(FRAMES, 10),
        "transl": 20 * torch.rand(FRAMES, 3, generator=generator) - 10,
        "expression": normal(FRAMES, 10),
    }


def bodies_of(name: str) -> list[BodyModel]:
    pair = variants.body_pair(name)
    if name != "built-in":
        return [pair.source, pair.target]
    return [load_bodies(source="smpl").source, pair.source, pair.target]


@pytest.mark.parametrize("name", [*variants.NAMES, "harsher"])
def test_vertices_and_joints_equal_the_package(name: str, tmp_path: Path) -> None:
    for body in bodies_of(name):
        state = random_state(body)
        expression = state["expression"] if body.num_expression else None
        package = layer(body, tmp_path, FRAMES)
        extra = {} if expression is None else {"expression": expression}
        with torch.no_grad():
            expected = package(
                betas=state["betas"],
                transl=state["transl"],
                **extra,
                **arguments(body.family, state["poses"]),
            )
        vertices = body.vertices(state["poses"], state["betas"], state["transl"], expression)
        joints = body.joints(state["poses"], state["betas"], state["transl"], expression)
        assert (vertices - expected.vertices).abs().max() < 1e-5
        assert (joints - expected.joints[:, : body.num_joints]).abs().max() < 1e-5


@pytest.mark.parametrize("family", ["smpl", "smplh", "smplx"])
def test_one_shape_for_all_frames_equals_a_shape_a_frame(family: str) -> None:
    body = load_bodies(source=family).source
    state = random_state(body)
    shared = body.vertices(state["poses"], state["betas"][0], state["transl"])
    each = body.vertices(state["poses"], state["betas"][:1].expand(FRAMES, -1), state["transl"])
    assert (shared - each).abs().max() < 2e-6


def test_every_shape_coefficient_counts() -> None:
    body = load_bodies().source
    assert body.num_betas == 16
    pose = torch.zeros(1, body.num_joints, 3)
    for index in range(body.num_betas):
        betas = torch.zeros(body.num_betas)
        betas[index] = 1.0
        moved = body.vertices(pose, betas, torch.zeros(1, 3)) - body.vertices(pose, None, torch.zeros(1, 3))
        assert moved.abs().max() > 1e-4, f"beta {index} does nothing"


def test_more_betas_than_the_body_has_are_refused() -> None:
    body = load_bodies().target
    with pytest.raises(ValueError, match="16 betas for a body that has 10"):
        body.vertices(torch.zeros(1, 55, 3), torch.zeros(16), torch.zeros(1, 3))


def test_chunks_do_not_show() -> None:
    body = load_bodies().source
    generator = torch.Generator().manual_seed(1)
    poses = 0.4 * torch.randn(70, body.num_joints, 3, generator=generator)
    transl = torch.randn(70, 3, generator=generator)
    together = body.vertices(poses, None, transl)
    alone = torch.cat([body.vertices(poses[i : i + 1], None, transl[i : i + 1]) for i in (0, 31, 32, 69)])
    assert (together[[0, 31, 32, 69]] - alone).abs().max() < 2e-6


@pytest.mark.parametrize("own", [False, True], ids=["one shape", "a shape a frame"])
@pytest.mark.parametrize("count", [1, 2, FEW_FRAMES - 1])
def test_few_frames_are_blended_as_many_are(count: int, own: bool) -> None:
    body = load_bodies().target
    generator = torch.Generator().manual_seed(7)
    poses = 0.4 * torch.randn(24, body.num_joints, 3, generator=generator)
    transl = torch.randn(24, 3, generator=generator)
    betas = torch.randn(24, body.num_betas, generator=generator)
    betas = betas if own else betas[0]
    many = body.vertices(poses, betas, transl)
    few = body.vertices(poses[:count], betas[:count] if own else betas, transl[:count])
    assert (few - many[:count]).abs().max() < 2e-6


@pytest.mark.parametrize("own", [False, True], ids=["one shape", "a shape a frame"])
def test_joints_come_with_the_skin(own: bool) -> None:
    body = load_bodies().target
    state = random_state(body)
    betas = state["betas"] if own else state["betas"][0]
    alone = body.joints(state["poses"], betas, state["transl"])
    ((_, _, joints),) = body.posed_chunks(state["poses"], betas, state["transl"])
    assert (joints - alone).abs().max() < 2e-6


def test_smpl_body_has_the_skin_of_its_smplh_body_where_hands_are_flat() -> None:
    smpl, smplh = load_bodies(source="smpl").source, load_bodies(source="smplh").source
    generator = torch.Generator().manual_seed(2)
    poses = 0.4 * torch.randn(3, 22, 3, generator=generator)
    rest = {body.family: torch.zeros(3, body.num_joints, 3) for body in (smpl, smplh)}
    for pose in rest.values():
        pose[:, :22] = poses
    betas, transl = torch.randn(16, generator=generator), torch.zeros(3, 3)
    one = smpl.vertices(rest["smpl"], betas, transl)
    other = smplh.vertices(rest["smplh"], betas, transl)
    assert (one - other).abs().max() < 1e-5


def test_rotation_vectors_survive_every_angle() -> None:
    generator = torch.Generator().manual_seed(3)
    axes = torch.nn.functional.normalize(torch.randn(400, 3, generator=generator, dtype=torch.float64), dim=1)
    angles = torch.cat((torch.logspace(-9, 0, 200), torch.linspace(1.0, np.pi - 1e-6, 200))).double()
    vectors = axes * angles[:, None]
    assert (rotation_vectors(rotation_matrices(vectors)) - vectors).abs().max() < 1e-7


def test_rotations_match_scipy() -> None:
    from scipy.spatial.transform import Rotation

    vectors = np.random.default_rng(4).normal(size=(200, 3))
    expected = Rotation.from_rotvec(vectors)
    matrices = rotation_matrices(torch.as_tensor(vectors))
    assert np.abs(matrices.numpy() - expected.as_matrix()).max() < 1e-12
    ours = quaternions(matrices).numpy()
    theirs = expected.as_quat()[:, [3, 0, 1, 2]]
    assert np.abs(np.abs((ours * theirs).sum(1)) - 1).max() < 1e-12


def test_a_body_is_measured_while_another_thread_makes_what_it_needs_of_it() -> None:
    body = load_bodies().source

    class Slow(np.ndarray):
        """Another thread is at it while its size is asked for."""

        @property
        def nbytes(self) -> int:
            measured.held_by  # noqa: B018
            return int(np.asarray(self).nbytes)

    measured = replace(body, parents=body.parents.view(Slow))
    assert measured.nbytes == body.nbytes
    assert "held_by" in vars(measured)
    assert measured.nbytes == body.nbytes
