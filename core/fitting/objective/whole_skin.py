"""All of a body's skin in frames of a motion: what measures a fit is several times as fast as by blending a
transform for each vertex, one after the other.

    skin = MotionSkin(motion, body)
    points = skin.at(frames)  # (V, 3, n), vertices in the order of skin.vertices
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.patches import Patches, stack
from core.fitting.objective.skin_pieces import MOST_ROWS, Shape, SkinPieces
from core.kept import kept
from core.model.body import BodyModel, pose_features
from core.model.motion import Motion
from core.model.posing import arguments_of, skin_chunks
from core.model.skinning import rotation_matrices

FRAMES_AT_ONCE = 256
"""Few enough for pieces of skin to stay in a processor's caches, enough to make loops over frames long."""

MOST_BYTES = 2**28
"""That skins of bodies are kept in: four, where their pose correctives are dense."""


class OnePatchSkin:
    """As `core.fitting.objective.skin_pieces.SkinPieces`, for devices: all of a skin is one patch.

    Args:
        body: on the device to pose on.
    """

    def __init__(self, body: BodyModel) -> None:
        self.body = body
        self.patches = Patches(body, np.arange(body.num_vertices), np.arange(0), torch.float32)
        self.vertices, self.nbytes = self.patches.vertices, self.patches.nbytes
        self.slices = [patch.rows for patch in self.patches.patches]

    def shape(self, coefficients: Tensor) -> Shape:
        """As there."""
        points, rest = self.body.shaped(coefficients)[None, ..., 0], self.body.rest_joints(coefficients)
        each = (patch.skinning for patch in self.patches.patches)
        bases = [rows.basis(points[:, rows.vertices], rest[None])[0] for rows in each]
        return Shape(rest, self.patches.joined(bases))

    def posed(
        self, shape: Shape, poses: Tensor, aside: Tensor | None = None, in_a_row: bool = False
    ) -> Tensor:
        """As there."""
        relative, root = rotation_matrices(poses), shape.joints[:1].expand(len(poses), 3)
        stacked = stack(self.body.tree.world_rotations(relative), root if aside is None else root + aside)
        out = stacked.new_empty(len(self.vertices), 3, len(poses))
        for patch, basis in zip(self.patches.posing, shape.pieces, strict=True):
            patch.pose(basis, stacked, (pose_features(relative), None), out[patch.rows])
        return out

    def in_pieces(self, shape: Shape, poses: Tensor, aside: Tensor | None = None) -> Iterator[Tensor]:
        """As there."""
        skin = self.posed(shape, poses, aside).transpose(0, 1).contiguous()
        return (skin[:, rows] for rows in self.slices)


@kept(lambda skin: skin.nbytes, MOST_BYTES)
def whole_skin(body: BodyModel) -> SkinPieces | OnePatchSkin:
    """That of a body, kept for the next motion in it."""
    with torch.inference_mode(False), torch.no_grad():
        return SkinPieces(body) if body.device.type == "cpu" else OnePatchSkin(body)


class MotionSkin:
    """The skin of a motion's own body in any of its frames.

    Args:
        motion: in the family of ``body``.
        body: the motion's own.

    Attributes:
        vertices: (V,) ids in the order that frames are given in.
        pieces: rows of some hundred vertices in that order, each of them in one body part.
    """

    def __init__(self, motion: Motion, body: BodyModel) -> None:
        self.motion, self.body = motion, body
        coefficients = shared_coefficients(motion, body)
        self._skin = None if coefficients is None else whole_skin(body)
        if self._skin is not None and coefficients is not None:
            self.vertices, self.pieces = self._skin.vertices, self._skin.slices
            self._shape = self._skin.shape(coefficients)
            return
        self.vertices = np.argsort(body.vertex_part, kind="stable")
        ends = np.flatnonzero(np.diff(body.vertex_part[self.vertices], append=-1)) + 1
        starts = (0, *ends[:-1].tolist())
        self.pieces = [
            slice(first, min(first + MOST_ROWS, end))
            for start, end in zip(starts, ends.tolist(), strict=True)
            for first in range(start, end, MOST_ROWS)
        ]

    def at(
        self, frames: slice | np.ndarray, aside: np.ndarray | None = None, usable: np.ndarray | None = None
    ) -> Tensor:
        """Some frames, seen from where the motion stands in each.

        Args:
            frames: n of the motion.
            aside: (n, 3) metres by which they stand beside that; few, or they cost digits. None for none.
            usable: (n,) bool; the others stand in the rest pose, for their numbers may not be finite. None
                for all.

        Returns:
            (V, 3, n) metres.
        """
        if self._skin is None:
            return self._blended(frames, aside, usable)
        return self._skin.posed(self._shape, *self._stance(frames, aside, usable))

    def in_pieces(
        self, frames: slice | np.ndarray, aside: np.ndarray | None = None, usable: np.ndarray | None = None
    ) -> Iterator[Tensor]:
        """As `at`, piece by piece, each while it is in the caches.

        Yields:
            (3, r, n) metres of each piece, to be used before the next one is asked for.
        """
        if self._skin is None:
            skin = self._blended(frames, aside, usable).transpose(0, 1).contiguous()
            return (skin[:, rows] for rows in self.pieces)
        return self._skin.in_pieces(self._shape, *self._stance(frames, aside, usable))

    def _stance(
        self, frames: slice | np.ndarray, aside: np.ndarray | None, usable: np.ndarray | None
    ) -> tuple[Tensor, Tensor | None]:
        """(n, J, 3) poses, and (n, 3) metres aside of where the motion stands."""
        poses, *_ = self._arguments(frames, usable)
        return poses.to(self.body.device), None if aside is None else self.body.tensor(aside)

    def _arguments(
        self, frames: slice | np.ndarray, usable: np.ndarray | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        poses, betas, expression = arguments_of(self.motion, self.body, frames)
        if usable is not None:
            good = torch.as_tensor(usable)
            poses = torch.where(good[:, None, None], poses, 0)
            expression = None if expression is None else torch.where(good[:, None], expression, 0)
        return poses, betas, expression

    def _blended(
        self, frames: slice | np.ndarray, aside: np.ndarray | None, usable: np.ndarray | None
    ) -> Tensor:
        """`at` where frames have shapes of their own, or there are meshes alone."""
        shift = torch.zeros(len(self.motion.trans[frames]), 3) if aside is None else self.body.tensor(aside)
        order = torch.as_tensor(self.vertices, device=self.body.device)
        if self.motion.has_poses:
            poses, betas, expression = self._arguments(frames, usable)
            parts = self.body.vertex_chunks(poses, betas, shift, expression)
            return torch.cat([skin for _, skin in parts], 2)[order]
        found = skin_chunks(self.motion, self.body, frames, shift)
        skin = torch.cat([part for _, part in found], 2)[order]
        return skin if usable is None else skin.nan_to_num_(0.0)


def shared_coefficients(motion: Motion, body: BodyModel) -> Tensor | None:
    """(B + E,) shape and expression coefficients that all finite frames of a motion share; None where they
    do not, or the motion is meshes alone."""
    if not motion.has_poses or motion.frame_betas is not None:
        return None
    finite = np.flatnonzero(motion.finite_frames())
    if not len(finite):
        return None
    _, betas, expression = arguments_of(motion, body, finite)
    if expression is not None:
        if not bool((expression == expression[:1]).all()):
            return None
        expression = expression[0]
    return body.coefficients(betas, expression)
