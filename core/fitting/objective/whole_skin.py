"""All of a body's skin, posed in patches: what measures and shows a fit is several times as fast as by
blending a transform for each vertex.

    skin = MotionSkin(motion, body)
    points = skin.at(frames, transl)  # (V, 3, n), vertices in the order of skin.vertices
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.patches import Patch, Patches, stack
from core.kept import kept
from core.model.body import BodyModel, pose_features
from core.model.motion import Motion
from core.model.posing import arguments_of, skin_chunks
from core.model.skinning import rotation_matrices

FRAMES_AT_ONCE = 128
"""Few enough frames to stay in a processor's caches, enough to make loops over them long."""

MOST_ROWS = 512
"""Vertices of a piece where there are no patches."""

MOST_BYTES = 2**28
"""That skins of bodies are kept in: four, where their pose correctives are dense."""


class WholeSkin:
    """Every vertex of a body, in patches, to be posed at any shape.

    Args:
        body: on the device to pose on.

    Attributes:
        vertices: (V,) ids in the order of the patches: the skin's order.
    """

    def __init__(self, body: BodyModel) -> None:
        self.body = body
        self.patches = Patches(body, np.arange(body.num_vertices), np.arange(0), torch.float32)
        self.vertices = self.patches.vertices

    def bases(self, coefficients: Tensor) -> list[Tensor]:
        """(r, c) U of what the skin is posed by (`Patches.posing`) at a shape, of (B + E,) coefficients."""
        points, rest = self.body.shaped(coefficients)[None, ..., 0], self.body.rest_joints(coefficients)[None]
        each = (patch.skinning for patch in self.patches.patches)
        return self.patches.joined([rows.basis(points[:, rows.vertices], rest)[0] for rows in each])

    def posed(self, bases: list[Tensor], relative: Tensor, root: Tensor, in_a_row: bool = False) -> Tensor:
        """Poses n frames of a shape.

        Args:
            bases: of the shape.
            relative: (n, J, 3, 3) rotations relative to the parent.
            root: (n, 3) places of the root joint, metres.
            in_a_row: they are frames in a row, whose pose features may be taken with few columns where that
                pays (`core.fitting.objective.patches.in_time`).

        Returns:
            (V, 3, n) metres, in the skin's order.
        """
        out = root.new_empty(len(self.vertices), 3, len(relative))
        features = pose_features(relative)
        taken = self.patches.features_of(features) if in_a_row else (features, None)
        for _ in self._pieces(self.patches.posing, bases, relative, root, taken, out=out):
            pass
        return out

    def in_pieces(
        self,
        bases: list[Tensor],
        relative: Tensor,
        root: Tensor,
        less: Callable[[int], Tensor],
    ) -> Iterator[Tensor]:
        """As `posed`, patch by patch, each while it is in the caches.

        Args:
            bases: as in `posed`.
            relative: as in `posed`.
            root: as in `posed`.
            less: gives what is taken off the vertices of a patch, by its number, (r, 3, n).

        Yields:
            (r, 3, n) of each patch.
        """
        each, bases = self.patches.patches, self.patches.cut(bases)
        return self._pieces(each, bases, relative, root, (pose_features(relative), None), less)

    def _pieces(
        self,
        patches: list[Patch],
        bases: list[Tensor],
        relative: Tensor,
        root: Tensor,
        features: tuple[Tensor, Tensor | None],
        less: Callable[[int], Tensor] | None = None,
        out: Tensor | None = None,
    ) -> Iterator[Tensor]:
        stacked = stack(self.body.tree.world_rotations(relative), root)
        for index, (patch, basis) in enumerate(zip(patches, bases, strict=True)):
            part = root.new_empty(len(basis), 3, len(root)) if out is None else out[patch.rows]
            patch.pose(basis, stacked, features, part, less=None if less is None else less(index))
            yield part


@kept(lambda skin: skin.patches.nbytes, MOST_BYTES)
def whole_skin(body: BodyModel) -> WholeSkin:
    """That of a body, kept for the next motion in it."""
    with torch.inference_mode(False), torch.no_grad():
        return WholeSkin(body)


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
            self.vertices = self._skin.vertices
            self.pieces = [patch.rows for patch in self._skin.patches.patches]
            self._bases, self._rest = self._skin.bases(coefficients), body.rest_joints(coefficients)
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
        return self._skin.posed(self._bases, *self._stance(frames, aside, usable))

    def less(
        self,
        targets: Callable[[int], Tensor],
        frames: slice | np.ndarray,
        aside: np.ndarray | None = None,
        usable: np.ndarray | None = None,
    ) -> Iterator[Tensor]:
        """As `at`, less what each vertex should meet, piece by piece.

        Args:
            targets: gives that of a piece, by its number, (r, 3, n) metres.
            frames: as in `at`.
            aside: as in `at`.
            usable: as in `at`.

        Yields:
            (r, 3, n) metres of each piece.
        """
        if self._skin is None:
            skin = self._blended(frames, aside, usable)
            yield from (skin[rows] - targets(index) for index, rows in enumerate(self.pieces))
        else:
            yield from self._skin.in_pieces(self._bases, *self._stance(frames, aside, usable), targets)

    def _stance(
        self, frames: slice | np.ndarray, aside: np.ndarray | None, usable: np.ndarray | None
    ) -> tuple[Tensor, Tensor]:
        """(n, J, 3, 3) relative rotations and (n, 3) places of the root."""
        poses, *_ = self._arguments(frames, usable)
        root = self._rest[:1].expand(len(poses), 3)
        root = root if aside is None else root + self.body.tensor(aside)
        return rotation_matrices(poses.to(self.body.device)), root

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
