"""Starts from meshes alone: rotations and roots are near those that posed the mesh, and it says where not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.fitting.objective.pose import Pose
from core.fitting.objective.targets import MotionTargets as Targets
from core.fitting.stage.initial_pose import relaxed_pose, start_rotations
from core.fitting.stage.initial_pose_from_meshes import (
    PartsStart,
    RestParts,
    from_nearest_frame,
    nearest_rotations,
    outlying_frames,
)
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.joints import FACE_JOINTS, LEFT_HAND, RIGHT_HAND
from core.model.skinning import rotation_matrices, rotation_vectors
from tests import variants

BIG = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist", "head", "spine3")
HANDS = (*LEFT_HAND, *RIGHT_HAND)


def start_from_parts(
    body: BodyModel,
    targets: Tensor,
    vertices: np.ndarray,
    weights: Tensor | None = None,
    betas: Tensor | None = None,
) -> PartsStart:
    return RestParts(body, vertices, weights, betas).start(targets)


def ids(body: BodyModel, names: tuple[str, ...]) -> list[int]:
    return [body.joint_names.index(name) for name in names]


def big_parts(body: BodyModel) -> list[int]:
    return [joint for joint, name in enumerate(body.joint_names[:22]) if any(word in name for word in BIG)]


def random_poses(body: BodyModel, count: int, spread: float = 0.5) -> Tensor:
    """(count, J, 3): facing anywhere, the limbs and fingers wide apart, the face at rest."""
    rng = np.random.default_rng(3)
    poses = rng.normal(scale=spread, size=(count, body.num_joints, 3))
    poses[:, ids(body, ("spine1", "spine2", "spine3", "neck", "left_collar", "right_collar"))] *= 0.4
    poses[:, ids(body, FACE_JOINTS)] = 0
    poses[:, 0] = Rotation.random(count, random_state=3).as_rotvec()
    return torch.as_tensor(poses.astype(np.float32))


def posed_skin(
    body: BodyModel, poses: Tensor, vertices: np.ndarray, betas: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """(V, 3, n) targets and the (n, J, 3, 3) world rotations that made them."""
    skin = body.vertices(poses, betas, torch.zeros(len(poses), 3))[:, vertices]
    return skin.permute(1, 2, 0).contiguous(), body.tree.world_rotations(rotation_matrices(poses))


def degrees(ours: Tensor, theirs: Tensor) -> Tensor:
    return torch.rad2deg(rotation_vectors(ours @ theirs.transpose(-1, -2)).norm(dim=-1))


def off_by(body: BodyModel, start: PartsStart, world: Tensor) -> Tensor:
    """(n, J) degrees between the start's world rotations and the true ones."""
    return degrees(body.tree.world_rotations(start.rotations), world)


def counted(pair: BodyPair) -> np.ndarray:
    return np.flatnonzero(pair.correspondence.valid)


@pytest.mark.parametrize("name", ["built-in", "strong correctives", "dense correctives"])
def test_a_posed_body_gives_its_rotations_back(name: str) -> None:
    pair = variants.body_pair(name)
    body = pair.target
    betas = torch.as_tensor(np.random.default_rng(1).normal(size=10).astype(np.float32))
    poses = random_poses(body, 12)
    targets, world = posed_skin(body, poses, counted(pair), betas)
    start = start_from_parts(body, targets, counted(pair))
    error = off_by(body, start, world)
    assert error[:, big_parts(body)].median() < 3
    assert error[:, big_parts(body)].max() < 15
    assert error[:, ids(body, HANDS)].median() < 6
    assert error[:, ids(body, HANDS)].max() < 40
    assert start.trusted[:, big_parts(body)].float().mean() > 0.95
    root = body.joints(poses, betas, torch.zeros(len(poses), 3))[:, 0]
    assert (start.roots - root).norm(dim=1).max() < 0.06


@pytest.mark.parametrize("name", ["built-in", "other shape basis"])
@pytest.mark.parametrize("clip", [path.stem for path in builtin_motions()])
def test_clips_start_near_the_source(clip: str, name: str) -> None:
    pair = variants.body_pair(name)
    path: Path = next(path for path in builtin_motions() if path.stem == clip)
    motion = load_motion(path)
    frames = np.linspace(0, len(motion) - 1, 6).round().astype(int)
    start = start_from_parts(pair.target, Targets(motion, pair, counted(pair)).at(frames), counted(pair))
    source = start_rotations(motion, pair, frames)
    error = off_by(pair.target, start, pair.target.tree.world_rotations(source))
    assert error[:, big_parts(pair.target)].median() < 3
    assert error.max() < 30
    assert error[start.trusted].max() < 25


def test_the_known_shape_at_rest_is_met_exactly() -> None:
    pair = variants.body_pair("built-in")
    body = pair.target
    betas = torch.as_tensor(np.random.default_rng(2).normal(size=8).astype(np.float32))
    poses = torch.zeros(2, body.num_joints, 3)
    targets, world = posed_skin(body, poses, counted(pair), betas)
    start = start_from_parts(body, targets, counted(pair), None, betas)
    assert off_by(body, start, world).max() < 1
    assert (start.roots - body.joints(poses, betas, torch.zeros(2, 3))[:, 0]).abs().max() < 1e-3
    unknown = start_from_parts(body, targets, counted(pair))
    assert (unknown.roots - start.roots).abs().max() > 1e-3


def test_a_start_turns_and_moves_with_its_targets() -> None:
    pair = variants.body_pair("built-in")
    body = pair.target
    targets, _ = posed_skin(body, random_poses(body, 3), counted(pair))
    turn = torch.as_tensor(Rotation.from_euler("xyz", [170, 20, -60], degrees=True).as_matrix()).float()
    away = torch.tensor([3.0, -40.0, 25.0])
    start = start_from_parts(body, targets, counted(pair))
    moved = start_from_parts(body, torch.einsum("ab,vbn->van", turn, targets) + away[:, None], counted(pair))
    assert degrees(moved.rotations[:, 0], turn @ start.rotations[:, 0]).max() < 0.1
    assert degrees(moved.rotations[:, 1:], start.rotations[:, 1:]).max() < 0.5
    assert (moved.roots - (start.roots @ turn.T + away)).abs().max() < 1e-4


def test_joints_without_skin_follow_their_parent_relaxed() -> None:
    pair = variants.body_pair("built-in")
    body = pair.target
    hands = ids(body, HANDS)
    vertices = counted(pair)[body.weights[counted(pair)][:, hands].sum(1) < 1e-3]
    poses = random_poses(body, 6)
    targets, world = posed_skin(body, poses, vertices)
    start = start_from_parts(body, targets, vertices)
    relaxed = rotation_matrices(torch.as_tensor(relaxed_pose(body)))
    assert degrees(start.rotations[:, hands], relaxed[hands]).max() < 1
    assert not start.trusted[:, hands].any()
    assert off_by(body, start, world)[:, ids(body, ("left_wrist", "right_wrist"))].max() < 25


def test_weights_of_next_to_nothing_are_as_good_as_no_skin() -> None:
    pair = variants.body_pair("built-in")
    body = pair.target
    vertices, hands = counted(pair), ids(body, HANDS)
    targets, _ = posed_skin(body, random_poses(body, 3), vertices)
    on_hands = torch.as_tensor(body.weights[vertices][:, hands].sum(1) > 1e-3)
    weights = torch.where(on_hands, 1e-7, 1.0)
    without = start_from_parts(body, targets[~on_hands], vertices[~on_hands.numpy()])
    hardly = start_from_parts(body, targets, vertices, weights)
    scaled = start_from_parts(body, targets, vertices, 50 * weights)
    assert degrees(hardly.rotations, without.rotations).max() < 1
    assert (hardly.roots - without.roots).abs().max() < 1e-4
    assert degrees(hardly.rotations, scaled.rotations).max() < 0.1


def test_a_pelvis_without_skin_faces_as_the_body_does() -> None:
    pair = variants.body_pair("built-in")
    body = pair.target
    vertices = counted(pair)[body.weights[counted(pair), 0] == 0]
    turns = torch.as_tensor(Rotation.random(5, random_state=1).as_rotvec()).float()
    poses = torch.zeros(5, body.num_joints, 3)
    poses[:, 0] = turns
    targets, world = posed_skin(body, poses, vertices)
    start = start_from_parts(body, targets, vertices)
    assert off_by(body, start, world)[:, 0].max() < 5
    assert not start.trusted[:, 0].any()


def test_jaw_and_eyes_are_left_at_rest() -> None:
    pair = variants.body_pair("built-in")
    body = pair.target
    poses = random_poses(body, 3)
    poses[:, ids(body, FACE_JOINTS[:1]), 0] = 0.4
    targets, _ = posed_skin(body, poses, counted(pair))
    start = start_from_parts(body, targets, counted(pair))
    face = ids(body, FACE_JOINTS)
    assert torch.equal(start.rotations[:, face], torch.eye(3).expand(3, 3, 3, 3))
    assert not start.trusted[:, face].any()


def test_joints_that_are_far_off_are_not_trusted() -> None:
    pair = variants.body_pair("built-in")
    body = pair.target
    rng = np.random.default_rng(0)
    vertices = counted(pair)[rng.random(len(counted(pair))) < 0.04]
    targets, world = posed_skin(body, random_poses(body, 16), vertices)
    start = start_from_parts(body, targets, vertices)
    error = off_by(body, start, world)
    others = [joint for joint, name in enumerate(body.joint_names) if name not in FACE_JOINTS]
    error, trusted = error[:, others], start.trusted[:, others]
    assert (error > 35).sum() > 20, "skin this thin leaves fingers open"
    assert not (trusted & (error > 35)).any()
    assert trusted.float().mean() > 0.3


def test_nearest_rotations_are_rotations_and_nearest() -> None:
    rng = np.random.default_rng(4)
    matrices = torch.as_tensor(rng.normal(size=(40, 3, 3)))
    found, firmness = nearest_rotations(matrices)
    assert torch.allclose(found @ found.transpose(-1, -2), torch.eye(3, dtype=found.dtype).expand(40, 3, 3))
    assert torch.allclose(torch.linalg.det(found), torch.ones(40, dtype=found.dtype))
    best = (found * matrices).sum((-1, -2))
    for other in torch.as_tensor(Rotation.random(200, random_state=5).as_matrix()):
        assert ((other * matrices).sum((-1, -2)) <= best + 1e-9).all()
    # Turning about the axis that is determined least costs half the firmness times the square of the angle.
    axes = torch.as_tensor(rng.normal(size=(500, 1, 3)))
    turned = rotation_matrices(1e-3 * axes / axes.norm(dim=-1, keepdim=True)) @ found
    curvature = (best - (turned * matrices).sum((-1, -2))) * 2e6
    assert (curvature.min(0).values >= firmness - 1e-4 * best.abs()).all()
    assert (curvature.min(0).values < firmness + 0.1 * matrices.flatten(1).norm(dim=1)).all()


def test_frames_that_stand_out_start_from_the_nearest_that_do_not() -> None:
    energy = 1 + 0.3 * np.sin(np.linspace(0, 3, 60))
    energy[[20, 21, 59]] *= 2
    outlying = outlying_frames(energy)
    assert list(np.flatnonzero(outlying)) == [20, 21, 59]
    tree = variants.body_pair("built-in").target.tree
    rotations = rotation_matrices(torch.full((60, 55, 3), 0.3))
    fitted = rotation_matrices(torch.arange(60)[:, None, None] * torch.full((60, 55, 3), 0.01))
    start, ended = (Pose(tree.world_rotations(each), torch.rand(60, 3)) for each in (rotations, fitted))
    free = np.array([0, 1, 2, 5, 54])
    again = from_nearest_frame(tree, start, ended, outlying, free)
    found = tree.relative_rotations(again.world)
    assert torch.allclose(found[:, free[1:]], fitted[[19, 22, 58]][:, free[1:]], atol=1e-5)
    stayed = np.setdiff1d(np.arange(55), free[1:])
    assert torch.allclose(found[:, stayed], rotations[[20, 21, 59]][:, stayed], atol=1e-5)
    assert torch.equal(again.root, start.root[[20, 21, 59]])
    assert not outlying_frames(np.ones(1)).any()
    assert not outlying_frames(np.ones(4)).any()
