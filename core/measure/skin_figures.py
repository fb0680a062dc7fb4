"""The figures of a fit that need its vertices, gathered while the motion goes by.

Source and fit are posed in patches (`core.fitting.objective.whole_skin`), and a patch of the fit is measured
while it is in the processor's caches: nothing but what figures are made of is ever kept of all vertices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.whole_skin import MotionSkin
from core.geometry.rigid_alignment import HandShape
from core.geometry.up_axis import vertical
from core.measure.ground_contact import PATCHES, GroundMetrics, Soles, ground_metrics, moved_up
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.vertex_errors import lengths_mm

HAND, FOOT = PARTS.index("hands"), PARTS.index("feet")


@dataclass(frozen=True, eq=False)
class _Piece:
    """Some rows of the fit's skin.

    Attributes:
        part: index into `PARTS`.
        targets: (r, Vs) sparse, of the source's skin in its own order.
        counted: places in the rows of the vertices that count; None for all.
        ids: of the vertices that count.
        kept: where these are kept.
        within: where among those of their part.
    """

    part: int
    targets: Tensor
    counted: Tensor | None
    ids: np.ndarray
    kept: slice
    within: slice


class SkinFigures:
    """Errors, shaking and ground contact of the vertices, frame by frame.

    Args:
        motion: the source.
        bodies: that it was fitted with; their mask says which vertices count.
        result: the fit.
        usable: (T,) bool: frames with a finite source and a finite fit.

    Attributes:
        mean, most, part, hand, jitter: as in `MotionMetrics`.
    """

    def __init__(self, motion: Motion, bodies: BodyPair, result: FitResult, usable: np.ndarray) -> None:
        self.motion, self.fit, self.usable = motion, result.as_motion(), usable
        self.valid, target = bodies.correspondence.valid, bodies.target
        self._source, self._skin = MotionSkin(motion, bodies.source), MotionSkin(self.fit, target)
        rows = bodies.correspondence.rows(self._skin.vertices, self._source.vertices)
        self._pieces: list[_Piece] = []
        for some in self._skin.pieces:
            self._pieces.append(self._piece(target.vertex_part, rows, some))
        self._counts = np.bincount(target.vertex_part[self.valid], minlength=len(PARTS))
        self._hands, self._soles = HandShape(target, self._ids(HAND)), Soles(target, self._ids(FOOT))
        count = len(motion)
        self.mean, self.most, self._lowest, self._source_lowest = (_nothing(count) for _ in range(4))
        self.part, self.jitter = _nothing(count, len(PARTS)), _nothing(count, len(PARTS))
        self.hand = _nothing(count, 2)
        self._patches, self._source_patches = (_nothing(count, len(PATCHES), 3) for _ in "ab")
        self._sum = torch.zeros(int(self.valid.sum()), dtype=torch.float64, device=target.device)
        self._worst = torch.zeros(len(self._sum), device=target.device)
        self._up, _, self._upwards = vertical(motion.up_axis)
        # Heights and places are kept from here, in float32: near the motion, wherever its world's origin is.
        self._origin = motion.trans[np.argmax(usable)].astype(np.float64) if usable.any() else np.zeros(3)

    def _piece(self, vertex_part: np.ndarray, rows: Tensor, some: slice) -> _Piece:
        ids = self._skin.vertices[some]
        start, stop = int(rows.crow_indices()[some.start]), int(rows.crow_indices()[some.stop])
        targets = torch.sparse_csr_tensor(
            rows.crow_indices()[some.start : some.stop + 1] - start,
            rows.col_indices()[start:stop],
            rows.values()[start:stop],
            size=(len(ids), rows.shape[1]),
        )
        valid = self.valid[ids]
        counted = None if valid.all() else torch.as_tensor(np.flatnonzero(valid), device=rows.device)
        part = int(vertex_part[ids[0]])
        before = [piece for piece in self._pieces if piece.part == part]
        kept, within = (
            slice(first, first + int(valid.sum()))
            for first in (sum(len(piece.ids) for piece in pieces) for pieces in (self._pieces, before))
        )
        return _Piece(part, targets, counted, ids[valid], kept, within)

    def _ids(self, part: int) -> np.ndarray:
        """Ids of the vertices of a part that count, piece by piece."""
        of_part = [piece.ids for piece in self._pieces if piece.part == part]
        return np.concatenate((np.empty(0, dtype=int), *of_part))

    def measure(self, start: int, stop: int) -> None:
        """Takes in the frames ``start:stop``."""
        around = slice(max(0, start - 1), min(stop + 1, len(self.motion)))
        inner, frames = slice(start - around.start, stop - around.start), slice(start, stop)
        usable = self.usable[around]
        here = np.where(usable[:, None], self.motion.trans[around].astype(np.float64), 0)
        moved = np.where(usable[:, None], self.fit.trans[around] - here, 0)
        source = self._source.at(around, usable=usable)
        flat, width = source.flatten(1), source.shape[2]
        good = torch.as_tensor(usable[inner], device=source.device).to(source)
        part, shaken = (
            source.new_zeros(len(PARTS), len(good)),
            source.new_zeros(len(PARTS), max(0, width - 2)),
        )
        most, low = source.new_zeros(len(good)), source.new_full((width,), math.inf)
        hands, feet = (source.new_empty(2, self._counts[part], 3, len(good)) for part in (HAND, FOOT))
        ends = {HAND: hands, FOOT: feet}
        target = source[:0]

        def targets(index: int) -> Tensor:
            nonlocal target
            target = (self._pieces[index].targets @ flat).view(-1, 3, width)
            return target

        for piece, off in zip(self._pieces, self._skin.less(targets, around, moved, usable), strict=True):
            low = torch.minimum(low, (self._upwards * (target[:, self._up] + off[:, self._up])).amin(0))
            if not len(piece.ids):
                continue
            if piece.counted is not None:
                off, target = off[piece.counted], target[piece.counted]
            distance = lengths_mm(off[..., inner], 1)
            part[piece.part] += distance.sum(0)
            most = torch.maximum(most, distance.amax(0))
            self._sum[piece.kept] += distance @ good
            worst = self._worst[piece.kept]
            torch.maximum(worst, (distance * good).amax(1), out=worst)
            if width >= 3:
                bend = torch.add(off[..., :-2], off[..., 2:]).sub_(off[..., 1:-1], alpha=2)
                shaken[piece.part] += lengths_mm(bend, 1).sum(0)
            if piece.part in ends:
                fit, its_target = ends[piece.part][:, piece.within]
                torch.add(target[..., inner], off[..., inner], out=fit)
                its_target.copy_(target[..., inner])

        with np.errstate(invalid="ignore"):
            self.mean[frames] = part.sum(0).cpu().numpy() / self._counts.sum()
            self.part[frames] = part.T.cpu().numpy() / self._counts
            if width >= 3:
                known = usable[:-2] & usable[1:-1] & usable[2:]
                by_part = shaken.T.cpu().numpy() / self._counts
                self.jitter[around.start + 1 : around.stop - 1] = np.where(known[:, None], by_part, np.nan)
        self.most[frames] = most.cpu().numpy()
        self.hand[frames] = self._hands.error_mm(*hands)
        self._feet(frames, (here - self._origin)[inner], *feet)
        rise = self._upwards * (here - self._origin)[inner, self._up]
        self._lowest[frames] = low[inner].cpu().numpy() + rise
        low = (self._upwards * source[:, self._up, inner]).amin(0)
        self._source_lowest[frames] = low.cpu().numpy() + rise
        for series in (self.mean, self.most, self.part, self.hand, self._lowest, self._source_lowest):
            series[frames][~usable[inner]] = np.nan

    def _feet(self, frames: slice, shift: np.ndarray, fit: Tensor, target: Tensor) -> None:
        for series, points in ((self._patches, fit), (self._source_patches, target)):
            centres = self._soles.centres(points) + shift[:, None]
            centres[:, ~self._soles.known] = np.nan
            centres[~self.usable[frames]] = np.nan
            series[frames] = centres

    def ground(self) -> GroundMetrics:
        """Penetration and skating over the whole motion."""
        found = ground_metrics(
            self._lowest,
            self._source_lowest,
            self._patches,
            self._source_patches,
            self.motion.up_axis,
            self.motion.frame_rate,
        )
        return moved_up(found, self._upwards * float(self._origin[self._up]))

    def vertex_mean(self) -> np.ndarray:
        """(V,) NaN where a vertex does not count."""
        count = int(self.usable.sum())
        return self._everywhere(self._sum / count if count else torch.full_like(self._sum, math.nan))

    def vertex_max(self) -> np.ndarray:
        """(V,) NaN where a vertex does not count."""
        return self._everywhere(self._worst if self.usable.any() else torch.full_like(self._worst, math.nan))

    def _everywhere(self, values: Tensor) -> np.ndarray:
        out = _nothing(len(self.valid))
        out[np.concatenate([piece.ids for piece in self._pieces])] = values.cpu().numpy()
        return out


def _nothing(*shape: int) -> np.ndarray:
    return np.full(shape, np.nan, dtype=np.float32)
