"""Where a fit starts, what is free, and what pulls on it: joints taken by name."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.errors import RefitError
from core.fitting.objective.unknowns import Unknowns
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.measure.counted_vertices import finger_skin, recorded_held_hands
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import FACE_JOINTS, HANDS, LEFT_HAND, RIGHT_HAND
from core.model.motion import Motion
from core.model.skinning import rotation_matrices

# Skin of fingers that are held without a source to follow: it counts in the figures, but hardly pulls. With
# its full weight the wrists would turn to make up for the fingers.
HELD_FINGER_WEIGHT = 1e-5
LEAST_WEIGHT = 1e-7


def relaxed_pose(body: BodyModel) -> np.ndarray:
    """(J, 3) axis-angle: the rest pose with relaxed hands, where the body's file has a hand mean."""
    pose = np.zeros((body.num_joints, 3), dtype=np.float32)
    if body.hands_mean is not None:
        for name, rotation in zip((*LEFT_HAND, *RIGHT_HAND), body.hands_mean.reshape(-1, 3), strict=True):
            if name in body.joint_names:
                pose[body.joint_names.index(name)] = rotation
    return pose


def source_pose(motion: Motion, bodies: BodyPair, frames: np.ndarray) -> np.ndarray:
    """(n, Jt, 3) axis-angle of the target's joints: the source's by joint name, relaxed where it has none, or
    where it is meshes alone."""
    pose = np.repeat(relaxed_pose(bodies.target)[None], len(frames), 0)
    names = bodies.source.joint_names if motion.has_poses else ()
    for joint, name in enumerate(bodies.target.joint_names):
        if name in names:
            pose[:, joint] = motion.poses[frames, names.index(name)]
    return pose


def start_rotations(motion: Motion, bodies: BodyPair, frames: np.ndarray) -> Tensor:
    """(n, Jt, 3, 3) relative rotations of `source_pose` on the target's device."""
    return rotation_matrices(torch.as_tensor(source_pose(motion, bodies, frames))).to(bodies.target.device)


def free_hands(bodies: BodyPair, settings: FitSettings) -> tuple[bool, bool]:
    """Whether the fingers of the left and right hand turn: where left open, if the source says where they
    are."""
    left, right = settings.free_left_hand, settings.free_right_hand
    return (
        shows_fingers(bodies, LEFT_HAND) if left is None else left,
        shows_fingers(bodies, RIGHT_HAND) if right is None else right,
    )


def shows_fingers(bodies: BodyPair, hand: tuple[str, ...]) -> bool:
    """Whether the source says where the fingers of a hand are: by joints, or by skin that counts."""
    skin = finger_skin(bodies.target, hand)
    return hand[0] in bodies.source.joint_names or bool(bodies.correspondence.valid[skin].any())


def unspoken_skin(bodies: BodyPair, settings: FitSettings) -> np.ndarray:
    """(V,) bool: skin of fingers that are held although the source has no joints to hold them by: where it
    lies, nobody says."""
    unspoken = np.zeros(bodies.target.num_vertices, dtype=bool)
    for hand in unspoken_hands(bodies, settings):
        unspoken |= finger_skin(bodies.target, HANDS[hand])
    return unspoken


def unspoken_hands(bodies: BodyPair, settings: FitSettings) -> set[str]:
    """Names of the hands (`core.model.joints.HANDS`) whose fingers are held so."""
    # A body of the same topology has its fingers as the target has them.
    if bodies.source.num_vertices == bodies.target.num_vertices:
        return set()
    return {
        name
        for free, (name, hand) in zip(free_hands(bodies, settings), HANDS.items(), strict=True)
        if not free and hand[0] not in bodies.source.joint_names
    }


def held_hands(bodies: BodyPair, recipe: Recipe, start: FitResult | None, keeps: bool) -> tuple[str, ...]:
    """Hands whose fingers a run holds without a source to follow.

    Args:
        bodies: of the run.
        recipe: fingers that one of its stages turns are where that stage says.
        start: the fit that the run goes on from, or None.
        keeps: frames of ``start`` stay as they are, or are compared with those of the run: all are measured
            alike.
    """
    recorded = None if start is None else recorded_held_hands(start.provenance)
    if keeps and recorded is not None:
        return recorded
    held = set(HANDS).intersection(*(unspoken_hands(bodies, stage) for stage in recipe.stages))
    if recipe.start == "current" and recorded is not None:
        held &= set(recorded)
    return tuple(hand for hand in HANDS if hand in held)


def unknowns(bodies: BodyPair, settings: FitSettings, coefficients: np.ndarray) -> Unknowns:
    """What is free in a frame: the groups of the settings that the target has, and (C,) coefficients."""
    names = bodies.target.joint_names
    held: set[str] = set()
    if settings.stage == "translation":
        held.update(names)
    if not settings.free_global_orient:
        held.add(names[0])
    if not settings.free_body:
        faces_and_hands = {*FACE_JOINTS, *LEFT_HAND, *RIGHT_HAND}
        held.update(name for name in names[1:] if name not in faces_and_hands)
    if not settings.free_jaw:
        held.add(FACE_JOINTS[0])
    if not settings.free_eyes:
        held.update(FACE_JOINTS[1:])
    for free, hand in zip(free_hands(bodies, settings), (LEFT_HAND, RIGHT_HAND), strict=True):
        if not free:
            held.update(hand)
    # Edges alone do not see where the body is.
    moves = settings.free_transl and settings.metrics[0] > 0
    parents = bodies.target.parents
    held_joints = {joint for joint, name in enumerate(names) if name in held}
    return Unknowns.of(parents, held_joints, moves, coefficients)


def vertex_weights(bodies: BodyPair, settings: FitSettings, painted: np.ndarray | None) -> np.ndarray:
    """(V,) float32 weights of the target's vertices: valid ones, by part, times those that the bodies have
    for single vertices, times ``painted`` (V,) if given."""
    weights = bodies.correspondence.valid.astype(np.float32)
    weights *= np.array(settings.part_weights, dtype=np.float32)[bodies.target.vertex_part]
    if bodies.correspondence.weights is not None:
        weights *= bodies.correspondence.weights
    if painted is not None:
        weights *= painted.astype(np.float32)
    weights[unspoken_skin(bodies, settings)] *= HELD_FINGER_WEIGHT
    # What weighs nothing still counts in the figures.
    return np.where(bodies.correspondence.valid, np.maximum(weights, LEAST_WEIGHT), 0).astype(np.float32)


def check_weights(weights: np.ndarray, vertices: int) -> None:
    """Refuses painted weights that are none.

    Raises:
        RefitError: they are not (V,) of so many vertices, finite and not negative.
    """
    if weights.shape != (vertices,):
        raise RefitError(f"The vertex weights have shape {weights.shape}, expected ({vertices},).")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise RefitError("Vertex weights must be finite and not negative.")


def unseen_face(bodies: BodyPair) -> np.ndarray:
    """(Jt,) bool: jaw and eyes of the target, where the source has none of them."""
    unseen = set(FACE_JOINTS).difference(bodies.source.joint_names)
    return np.array([name in unseen for name in bodies.target.joint_names])
