"""Where a fit starts: the source's rotations by joint name, and the points that the skin should meet."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.bodies import BodyPair
from core.body import BodyModel
from core.fitting.normal_matrix import FreeJoints
from core.fitting.settings import FitSettings
from core.joints import FACE_JOINTS, LEFT_HAND, RIGHT_HAND
from core.motion import Motion
from core.skinning import rotation_matrices


def relaxed_pose(body: BodyModel) -> np.ndarray:
    """(J, 3) axis-angle: the rest pose with relaxed hands, where the body's file has a hand mean."""
    pose = np.zeros((body.num_joints, 3), dtype=np.float32)
    if body.hands_mean is not None:
        for name, rotation in zip((*LEFT_HAND, *RIGHT_HAND), body.hands_mean.reshape(-1, 3), strict=True):
            if name in body.joint_names:
                pose[body.joint_names.index(name)] = rotation
    return pose


def source_pose(motion: Motion, bodies: BodyPair, frames: np.ndarray) -> np.ndarray:
    """(n, Jt, 3) axis-angle of the target's joints: the source's by joint name, relaxed where it has none."""
    pose = np.repeat(relaxed_pose(bodies.target)[None], len(frames), 0)
    names = bodies.source.joint_names
    for joint, name in enumerate(bodies.target.joint_names):
        if name in names:
            pose[:, joint] = motion.poses[frames, names.index(name)]
    return pose


def start_rotations(motion: Motion, bodies: BodyPair, frames: np.ndarray) -> Tensor:
    """(n, Jt, 3, 3) relative rotations of `source_pose` on the target's device."""
    return rotation_matrices(torch.as_tensor(source_pose(motion, bodies, frames))).to(bodies.target.device)


def fingers_free(bodies: BodyPair, settings: FitSettings) -> bool:
    """Whether fingers turn: where the settings leave it open, if the source has them."""
    if settings.free_fingers is None:
        return LEFT_HAND[0] in bodies.source.joint_names
    return settings.free_fingers


def free_joints(bodies: BodyPair, settings: FitSettings) -> FreeJoints:
    """The joints that turn: not jaw and eyes, nor fingers that the source lacks, unless they are freed."""
    names = bodies.target.joint_names
    held: set[str] = set()
    if not settings.free_jaw:
        held.add(FACE_JOINTS[0])
    if not settings.free_eyes:
        held.update(FACE_JOINTS[1:])
    if not fingers_free(bodies, settings):
        held.update((*LEFT_HAND, *RIGHT_HAND))
    return FreeJoints.without(
        bodies.target.parents, {joint for joint, name in enumerate(names) if name in held}
    )


class Targets:
    """The points that the counted target vertices should meet.

    They are given relative to the source's translation: a body far from the origin keeps its digits.

    Args:
        motion: the source motion.
        bodies: on the device to fit on.
        vertices: ids of the target vertices that count.
    """

    def __init__(self, motion: Motion, bodies: BodyPair, vertices: np.ndarray) -> None:
        self.motion, self.source = motion, bodies.source
        self.rows = bodies.correspondence.rows(vertices)
        self.betas = torch.as_tensor(motion.betas[: bodies.source.num_betas])
        self.expression = None if motion.expression is None else torch.as_tensor(motion.expression)

    def at(self, frames: np.ndarray) -> Tensor:
        """(V, 3, n) metres, the source's trans taken off."""
        poses = torch.as_tensor(self.motion.poses[frames])
        expression = None if self.expression is None else self.expression[torch.as_tensor(frames)]
        transl = torch.zeros(len(frames), 3)
        chunks = self.source.vertex_chunks(poses, self.betas, transl, expression)
        parts = [(self.rows @ skin.reshape(len(skin), -1)).view(-1, 3, skin.shape[2]) for _, skin in chunks]
        return parts[0] if len(parts) == 1 else torch.cat(parts, 2)

    def roots(self, frames: np.ndarray) -> Tensor:
        """(n, 3) the source's root joint, its trans taken off."""
        rest = self.source.rest_joints(self.source.coefficients(self.betas, None))
        return rest[0].expand(len(frames), 3)
