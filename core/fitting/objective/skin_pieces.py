"""All of a body's skin in pieces, posed on a processor for its own sake: nothing is kept for a way back.

v_i = sum_j W_ij (G_j (x_i + P_i f) + t_j), where t_j is where joint j takes the origin of the rest pose. In a
piece of some hundred rows the blended motion of its vertices is one product for each of its twelve entries,
and rest places come with the pose correctives. The three components lie one after the other, so that whatever
is done to a piece runs over memory in one go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective import frames_last
from core.fitting.objective.patch_products import place
from core.fitting.objective.patches import in_time, joined_holders, smooth_correctives
from core.fitting.objective.smooth_correctives import Correctives, take_little
from core.model.body import BodyModel

MOST_ROWS = 256
"""Vertices of a piece: few enough that what becomes of them in some hundred frames stays in the caches."""

APART = 96
"""From so many vertices on, those of a patch that have no pose correctives are pieces of their own."""


@dataclass(frozen=True, eq=False)
class Piece:
    """r vertices of one part of the body, with pose correctives or all without.

    Attributes:
        rows: where they lie in the skin.
        vertices: (r,) ids.
        holders: (h,) joints that hold any of them.
        weights: (r, h) skinning weights.
        correctives: what moves them with the pose, by nothing where they have no correctives; rows of
            directions and mixtures first x of all, then y, then z.
    """

    rows: slice
    vertices: Tensor
    holders: Tensor
    weights: Tensor
    correctives: Correctives

    @property
    def bends(self) -> bool:
        """It has pose correctives."""
        return bool(len(self.correctives.features) or len(self.correctives.others))

    def at_rest(self, shaped: Tensor) -> Tensor:
        """What the piece is posed by at a shape, of the rest places (V, 3) of all vertices: its own, (3r, 1);
        or without correctives (r, 4h), one product for all of it."""
        rest = shaped[self.vertices].T
        if self.bends:
            return rest.reshape(-1, 1)
        return torch.cat([*(self.weights * along[:, None] for along in rest), self.weights], 1)


@dataclass(frozen=True, eq=False)
class Shape:
    """A body's skin at a shape.

    Attributes:
        joints: (J, 3) rest joints, metres.
        pieces: what `Piece.at_rest` gives for each.
    """

    joints: Tensor
    pieces: list[Tensor]


class SkinPieces:
    """Every vertex of a body, to be posed at any shape.

    Args:
        body: on the processor.

    Attributes:
        vertices: (V,) ids in the order of the pieces: the skin's order.
        pieces: of it, each in one part of the body.
    """

    def __init__(self, body: BodyModel) -> None:
        self.body = body
        holder = joined_holders(body, body.held_by)
        still = np.asarray(~body.moved_by.any(1))
        for joint in np.unique(holder):
            here = holder == joint
            if np.count_nonzero(still[here]) < APART:
                still[here] = False
        self.vertices = np.lexsort((still, holder))
        kinds = 2 * holder[self.vertices] + still[self.vertices]
        self.pieces: list[Piece] = []
        for kind in np.unique(kinds):
            start, stop = np.searchsorted(kinds, (kind, kind + 1)).tolist()
            ends = np.linspace(start, stop, 1 + -(-(stop - start) // MOST_ROWS)).astype(int).tolist()
            self.pieces += (_piece(body, self.vertices, *ends[at : at + 2]) for at in range(len(ends) - 1))
        self._most = max(len(piece.vertices) for piece in self.pieces)

    @property
    def slices(self) -> list[slice]:
        """Where each piece lies in the skin."""
        return [piece.rows for piece in self.pieces]

    @property
    def nbytes(self) -> int:
        """Bytes that the pieces take."""
        return 4 * sum(piece.correctives.products + piece.weights.numel() for piece in self.pieces)

    @cached_property
    def light(self) -> bool:
        """Correctives take few products."""
        return take_little((piece.correctives for piece in self.pieces), self.body.posedirs.shape[2])

    def shape(self, coefficients: Tensor) -> Shape:
        """What the skin is posed by at a shape, of (B + E,) coefficients."""
        shaped = self.body.shaped(coefficients)[..., 0]
        return Shape(self.body.rest_joints(coefficients), [piece.at_rest(shaped) for piece in self.pieces])

    def posed(
        self, shape: Shape, poses: Tensor, aside: Tensor | None = None, in_a_row: bool = False
    ) -> Tensor:
        """Poses n frames of a shape.

        Args:
            shape: of `shape`.
            poses: (n, J, 3) axis-angle, radians.
            aside: (n, 3) metres by which they stand beside where the body rests; None for none.
            in_a_row: they are frames in a row, whose pose features may be taken with few columns where that
                pays (`core.fitting.objective.patches.in_time`).

        Returns:
            (V, 3, n) metres, in the skin's order.
        """
        out = torch.empty(len(self.vertices), 3, len(poses))
        for _ in self._each(shape, poses, aside, in_a_row, out):
            pass
        return out

    def in_pieces(self, shape: Shape, poses: Tensor, aside: Tensor | None = None) -> Iterator[Tensor]:
        """As `posed`, piece by piece, each while it is in the caches.

        Yields:
            (3, r, n) of each piece, metres, to be used before the next one is asked for.
        """
        return self._each(shape, poses, aside, False, None)

    def _each(
        self, shape: Shape, poses: Tensor, aside: Tensor | None, in_a_row: bool, out: Tensor | None
    ) -> Iterator[Tensor]:
        frames, root = len(poses), shape.joints[:1].expand(len(poses), 3)
        chain = frames_last.Chain.of(
            self.body.tree, poses, shape.joints, root if aside is None else root + aside
        )
        motions = chain.motions(shape.joints)
        by_component = motions.transpose(0, 1).contiguous()
        features, mixed = chain.features(), None
        if in_a_row and not self.light:
            features, mixed = in_time(features)
        size = self._most * frames
        room, part = torch.empty(15 * size), torch.empty(0 if out is not None else 3 * size)
        for piece, base in zip(self.pieces, shape.pieces, strict=True):
            rows = len(piece.vertices)
            if out is None:
                here = part[: 3 * rows * frames].view(3, rows, frames)
            else:
                here = out[piece.rows].transpose(0, 1)
            if piece.bends:
                layout = piece.weights, piece.holders, *piece.correctives.layout
                place(*layout, base, motions, features, mixed, here, room)
            else:
                seen = by_component.index_select(2, piece.holders).view(3, -1, frames)
                here.copy_(torch.bmm(base.expand(3, -1, -1), seen))
            yield here


def _piece(body: BodyModel, vertices: np.ndarray, start: int, stop: int) -> Piece:
    ids = vertices[start:stop]
    weights, used = body.weights[ids], np.flatnonzero(body.moved_by[ids].any(0))
    holders = np.flatnonzero(weights.any(0))
    features, directions = torch.from_numpy(used), body.tensor(body.posedirs[ids][..., used])
    correctives = Correctives.plain(features, directions.flatten(0, 1))
    if len(used) == body.posedirs.shape[2]:
        correctives = smooth_correctives(body).of(ids, correctives)
    return Piece(
        slice(start, stop),
        torch.from_numpy(ids),
        torch.from_numpy(holders),
        body.tensor(weights[:, holders]),
        correctives.by_axes(),
    )
