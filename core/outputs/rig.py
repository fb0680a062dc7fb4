"""A moving body as programs with skeletons have it: one mesh, rigid joints, at most a few weights a vertex,
no pose correctives; and how far that is from the skin it stands for.

The skin is Refit's own but for the correctives. Where shape or expression change over the frames, the rest
joints move with them; a skeleton's cannot, so that each joint j is put where it carries the skin as Refit
does: with d the way from its rest place of the frame to that of the rig, its translation relative to its
parent is the rig's plus (R - I) d.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from core.errors import RefitError
from core.files.containers.numbered import Progress, tell
from core.model.body import CHUNK_FRAMES, BodyModel, blended_transforms, corrective_offsets
from core.model.motion import Motion
from core.model.posing import arguments_of
from core.model.skinning import rotation_matrices

WEIGHTS_IN_A_SET = 4
MOST_SETS = 8
LOST_WEIGHT = 5e-5
"""A vertex may lack so much of its weights: less than a tenth of a millimetre on any pose."""
MOST_MEASURED = 1000
"""Of so many frames, evenly spread, it is measured what a rig lacks."""
STILL_M = 1e-6


@dataclass(frozen=True, eq=False)
class Rig:
    """A body with n of its frames; V vertices, J joints, M morph targets, K weights a vertex.

    Attributes:
        body: whose rig it is.
        vertices: (V, 3) float32 metres, in the rest pose, of the shape that the frames share.
        joints: (J, 3) float32 metres, likewise.
        joint_ids: (V, K) the joints that hold a vertex, the one that holds it most first.
        weights: (V, K) float32, their weights; zero where a vertex has fewer.
        morph_names: M names, ``'expression_0'``; of ``'betas_0'`` where frames have shapes of their own.
        morphs: (M, V, 3) float32 metres per unit.
        frames: (n,) ids.
        rotations: (n, J, 4) float64 unit quaternions x, y, z, w relative to the parent, without jumps of
            sign from frame to frame.
        rest_offsets: (n, J, 3) float64 metres relative to the parent in the rest pose of each frame, of the
            root relative to the body's origin: where the joints themselves are.
        translations: (n, J, 3) float64 metres relative to the parent, with the root's way through the world:
            where the joints carry the skin from.
        trans: (n, 3) float64 metres, the root's way through the world alone.
        morph_weights: (n, M) float32.
    """

    body: BodyModel
    vertices: np.ndarray
    joints: np.ndarray
    joint_ids: np.ndarray
    weights: np.ndarray
    morph_names: tuple[str, ...]
    morphs: np.ndarray
    frames: np.ndarray
    rotations: np.ndarray
    rest_offsets: np.ndarray
    translations: np.ndarray
    trans: np.ndarray
    morph_weights: np.ndarray

    @property
    def moving(self) -> np.ndarray:
        """(J,) bool: joints whose place relative to the parent changes over the frames; the root always."""
        moves = np.abs(self.translations - self.rig_offsets).max((0, 2), initial=0) > STILL_M
        moves[0] = True
        return moves

    @property
    def rig_offsets(self) -> np.ndarray:
        """(J, 3) float64 metres relative to the parent in the rest pose of the rig."""
        return _relative(self.joints.astype(np.float64), self.body.parents)


@dataclass(frozen=True)
class RigLoss:
    """How far a rig's skin is from the body's, in millimetres, over all vertices of the frames measured.

    Attributes:
        frames: how many were measured.
        mean: of the pose correctives, which it does not have.
        most: of the same, the largest.
        four: the largest where a program reads but four weights of a vertex; 0 where none has more.
    """

    frames: int
    mean: float
    most: float
    four: float


@torch.inference_mode()
def rig_of(motion: Motion, body: BodyModel, frames: np.ndarray) -> Rig:
    """The rig of a motion.

    Args:
        motion: in the body's family.
        body: the motion's own.
        frames: ids of n frames.

    Raises:
        RefitError: the motion is meshes, which have no rotations, or holds numbers that are not finite.
    """
    if not motion.has_poses:
        raise RefitError(f"{motion.name} is meshes, which have no skeleton; export them as .obj or .ply.")
    ids = np.asarray(frames)
    bad = ids[~motion.finite_frames()[ids]]
    if len(bad):
        raise RefitError(f"Frame {bad[0]} of {motion.name} has numbers that are not finite: no skeleton.")
    poses, betas, expression = arguments_of(motion, body, ids)
    shared = torch.as_tensor(motion.betas[: body.num_betas])
    base = body.coefficients(shared, None).cpu().double()
    own = body.coefficients(betas, expression).cpu().double().expand(len(ids), -1)
    change = (own - base).numpy()
    shapes = body.num_betas
    varying = np.flatnonzero(np.abs(change[:, :shapes]).max(0, initial=0) > 0)
    if expression is not None:
        varying = np.concatenate((varying, np.arange(shapes, shapes + expression.shape[1])))
    names = [f"betas_{k}" if k < shapes else f"expression_{k - shapes}" for k in varying]
    template, basis = body.joint_template.cpu().double(), body.joint_basis.cpu().double()
    rest = (template + basis @ base).numpy()
    there = rest + np.einsum("jck,nk->njc", basis[..., varying].numpy(), change[:, varying])
    turned = Rotation.from_rotvec(poses.double().numpy().reshape(-1, 3))
    away = rest - there
    carried = turned.apply(away.reshape(-1, 3)).reshape(away.shape) - away
    trans = motion.trans[ids].astype(np.float64)
    translations = _relative(rest, body.parents) + carried
    translations[:, 0] += trans
    joint_ids, weights = heaviest(body.weights)
    return Rig(
        body=body,
        vertices=body.shaped(base.float().to(body.device))[..., 0].cpu().numpy(),
        joints=rest.astype(np.float32),
        joint_ids=joint_ids,
        weights=weights,
        morph_names=tuple(names),
        morphs=body.shape_basis[..., varying].permute(2, 0, 1).cpu().numpy(),
        frames=ids,
        rotations=_continuous(turned.as_quat().reshape(*away.shape[:2], 4)),
        rest_offsets=_relative(there, body.parents),
        translations=translations,
        trans=trans,
        morph_weights=change[:, varying].astype(np.float32),
    )


def heaviest(weights: np.ndarray, most: int = MOST_SETS * WEIGHTS_IN_A_SET) -> tuple[np.ndarray, np.ndarray]:
    """The joints that hold each vertex most, and their weights, which sum to one.

    Args:
        weights: (V, J).
        most: no vertex keeps more.

    Returns:
        (V, K) ids and (V, K) float32, by falling weight; K is 4, 8, ... up to ``most``, as many as it takes
        for no vertex to lack more than `LOST_WEIGHT`.
    """
    order = np.argsort(-weights, axis=1, kind="stable")[:, :most]
    sorted_ = np.take_along_axis(weights, order, 1).astype(np.float64)
    lacking = weights.sum(1, dtype=np.float64)[:, None] - np.cumsum(sorted_, 1)
    enough = np.flatnonzero((lacking <= LOST_WEIGHT).all(0))
    count = int(enough[0]) + 1 if len(enough) else sorted_.shape[1]
    count = min(-(-count // WEIGHTS_IN_A_SET) * WEIGHTS_IN_A_SET, sorted_.shape[1])
    kept = sorted_[:, :count]
    kept = kept / kept.sum(1, keepdims=True)
    ids = np.where(kept > 0, order[:, :count], 0)
    missing = -count % WEIGHTS_IN_A_SET
    padding = ((0, 0), (0, missing))
    return np.pad(ids, padding), np.pad(kept, padding).astype(np.float32)


@torch.inference_mode()
def rig_loss(
    motion: Motion,
    rig: Rig,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> RigLoss:
    """What a rig lacks of the body's skin.

    Args:
        motion: that the rig was made of.
        rig: of it.
        progress: told how many frames are measured.
        stop: looked at every few frames.

    Raises:
        Cancelled: ``stop`` was set.
    """
    body, count = rig.body, len(rig.frames)
    places = np.unique(np.linspace(0, count - 1, min(count, MOST_MEASURED)).round().astype(int))
    ids = rig.frames[places]
    four = None
    if rig.weights.shape[1] > WEIGHTS_IN_A_SET:
        four = body.tensor(_dense(*heaviest(body.weights, WEIGHTS_IN_A_SET), body.num_joints))
    total, most, most_four = 0.0, 0.0, 0.0
    for start in range(0, len(ids), CHUNK_FRAMES):
        tell(start, len(ids), progress, stop)
        poses, betas, expression = arguments_of(motion, body, ids[start : start + CHUNK_FRAMES])
        coefficients = body.coefficients(betas, expression)
        rest, relative = body.rest_joints(coefficients), rotation_matrices(poses.to(body.device))
        world = body.tree.world_rotations(relative)
        joints = body.tree.joint_positions(world, rest, rest[..., 0, :].expand(len(world), 3))
        turn, offset = blended_transforms(body.skin_weights, world, joints, rest)
        lost = _lengths((turn * corrective_offsets(body.correctives, relative)[:, None]).sum(2))
        total, most = total + float(lost.mean(0).sum()), max(most, float(lost.max()))
        if four is not None:
            other, aside = blended_transforms(four, world, joints, rest)
            shaped = body.shaped(coefficients)[:, None]
            apart = _lengths(((other - turn) * shaped).sum(2) + aside - offset)
            most_four = max(most_four, float(apart.max()))
    tell(len(ids), len(ids), progress, stop)
    return RigLoss(len(ids), 1000 * total / len(ids), 1000 * most, 1000 * most_four)


def loss_words(loss: RigLoss) -> str:
    """What a rig lacks, in a sentence or two."""
    seen = f" in {loss.frames:,} frames measured" if loss.frames == MOST_MEASURED else ""
    words = (
        f"Without pose correctives, which skeletons do not have, the skin is {loss.mean:.2f} mm off in the "
        f"mean and {loss.most:.1f} mm at most{seen}."
    )
    if loss.four >= 0.05:
        words += f" Programs that read but four weights a vertex are up to {loss.four:.1f} mm further off."
    return words


def _lengths(vectors: Tensor) -> Tensor:
    return vectors.norm(dim=1)


def _dense(ids: np.ndarray, weights: np.ndarray, joints: int) -> np.ndarray:
    full = np.zeros((len(ids), joints), np.float32)
    np.add.at(full, (np.arange(len(ids))[:, None], ids), weights)
    return full


def _relative(places: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """(..., J, 3) places to (..., J, 3) relative to the parent; the root stays."""
    relative = places.copy()
    relative[..., 1:, :] -= places[..., parents[1:], :]
    return relative


def _continuous(quaternions: np.ndarray) -> np.ndarray:
    """(n, J, 4): of the two signs of a rotation the one that is nearer to the frame before."""
    if len(quaternions) < 2:
        return quaternions
    along = (quaternions[1:] * quaternions[:-1]).sum(2)
    signs = np.cumprod(np.where(along < 0, -1.0, 1.0), axis=0)
    return np.concatenate((quaternions[:1], quaternions[1:] * signs[..., None]))
