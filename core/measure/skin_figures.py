"""The figures of a fit that need its vertices, gathered while the motion goes by.

Source and fit are posed in pieces (`core.fitting.objective.whole_skin`), and a piece of the fit is measured
while it is in the processor's caches: nothing but what figures are made of is ever kept of all vertices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.target_rows import TargetRows, target_rows
from core.fitting.objective.whole_skin import MotionSkin
from core.geometry.rigid_alignment import HandShape
from core.geometry.up_axis import vertical
from core.measure.ground_contact import PATCHES, GroundMetrics, Soles, ground_metrics, moved_up
from core.measure.piece_figures import ROOM, taken
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion

HAND, FOOT = PARTS.index("hands"), PARTS.index("feet")


@dataclass(frozen=True, eq=False)
class _Piece:
    """Some rows of the fit's skin.

    Attributes:
        part: index into `PARTS`.
        targets: of the source's skin in its own order.
        counted: (r, 1) one for the vertices that count, zero for others; None where all do.
        chosen: (r,) bool: those that count; all of them as a slice, which copies nothing.
        ids: of the vertices that count.
        kept: where these are kept.
        within: where among those of their part.
    """

    part: int
    targets: TargetRows
    counted: Tensor | None
    chosen: Tensor | slice
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
        rows = target_rows(bodies.correspondence, self._skin.vertices, self._source.vertices)
        self._pieces: list[_Piece] = []
        for some in self._skin.pieces:
            self._pieces.append(self._piece(target, rows.part(some), self._skin.vertices[some]))
        self._room = torch.empty(0, device=target.device)
        # Pieces of which some vertices count: which part each is in, and where among theirs those are.
        seen = [index for index, piece in enumerate(self._pieces) if len(piece.ids)] or [0]
        self._seen = frozenset(seen)
        among = np.concatenate([self._skin.vertices[self._skin.pieces[index]] for index in seen])
        self._counted = torch.as_tensor(np.flatnonzero(self.valid[among]), device=target.device)
        members = np.arange(len(PARTS))[:, None] == [self._pieces[index].part for index in seen]
        self._part_of = target.tensor(members)
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

    def _piece(self, body: BodyModel, targets: TargetRows, ids: np.ndarray) -> _Piece:
        valid = self.valid[ids]
        counted = None if valid.all() else body.tensor(valid[:, None])
        chosen = slice(None) if counted is None else torch.as_tensor(valid, device=body.device)
        part = int(body.vertex_part[ids[0]])
        before = [piece for piece in self._pieces if piece.part == part]
        kept, within = (
            slice(first, first + int(valid.sum()))
            for first in (sum(len(piece.ids) for piece in pieces) for pieces in (self._pieces, before))
        )
        return _Piece(part, targets, counted, chosen, ids[valid], kept, within)

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
        every = bool(usable.all())
        good = source.new_zeros(width)
        good[inner] = torch.as_tensor(usable[inner], device=source.device).to(source)
        hands, feet = (source.new_empty(2, 3, self._counts[part], width) for part in (HAND, FOOT))
        ends = {HAND: hands, FOOT: feet}
        lows, found = [], []
        skin = self._skin.in_pieces(around, moved, usable)
        for index, (piece, fit) in enumerate(zip(self._pieces, skin, strict=True)):
            lows.append(self._lowest_of(fit[self._up]))
            if index not in self._seen:
                continue
            target = piece.targets.of(flat).view(-1, 3, width)
            room = self._room_for(ROOM * fit[0].numel())
            # Those on either side are the motion's frames as well, and may be among all.
            found.append(taken(fit, target, piece.counted, good, every, room))
            if piece.part in ends:
                ours, theirs = ends[piece.part][:, :, piece.within]
                ours.copy_(fit[:, piece.chosen])
                theirs.copy_(target[piece.chosen].transpose(0, 1))
        low = torch.stack(lows).amin(0)
        total, most, shaken, by_vertex, far = zip(*found, strict=True)
        self._sum += torch.cat(by_vertex)[self._counted]
        self._worst = torch.maximum(self._worst, torch.cat(far)[self._counted])
        part, bend = (self._part_of @ torch.stack(sums) for sums in (total, shaken))
        with np.errstate(invalid="ignore"):
            self.mean[frames] = 1000 * part[:, inner].sum(0).cpu().numpy() / self._counts.sum()
            self.part[frames] = 1000 * part[:, inner].T.cpu().numpy() / self._counts
            if width >= 3:
                known = usable[:-2] & usable[1:-1] & usable[2:]
                by_part = 1000 * bend[:, 1:-1].T.cpu().numpy() / self._counts
                self.jitter[around.start + 1 : around.stop - 1] = np.where(known[:, None], by_part, np.nan)
        self.most[frames] = 1000 * torch.stack(most)[:, inner].amax(0).cpu().numpy()
        self.hand[frames] = self._hands.error_mm(*hands)[inner]
        self._feet(frames, (here - self._origin)[inner], *feet[..., inner])
        rise = self._upwards * (here - self._origin)[inner, self._up]
        self._lowest[frames] = low[inner].cpu().numpy() + rise
        self._source_lowest[frames] = self._lowest_of(source[:, self._up])[inner].cpu().numpy() + rise
        for series in (self.mean, self.most, self.part, self.hand, self._lowest, self._source_lowest):
            series[frames][~usable[inner]] = np.nan

    def _lowest_of(self, heights: Tensor) -> Tensor:
        """(r, n) along the up axis to the (n,) least height."""
        return heights.amin(0) if self._upwards > 0 else -heights.amax(0)

    def _room_for(self, numbers: int) -> Tensor:
        if len(self._room) < numbers:
            self._room = self._room.new_empty(numbers)
        return self._room

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
        return self._everywhere(1000 * self._sum / count if count else torch.full_like(self._sum, math.nan))

    def vertex_max(self) -> np.ndarray:
        """(V,) NaN where a vertex does not count."""
        known = self.usable.any()
        return self._everywhere(1000 * self._worst if known else torch.full_like(self._worst, math.nan))

    def _everywhere(self, values: Tensor) -> np.ndarray:
        out = _nothing(len(self.valid))
        out[np.concatenate([piece.ids for piece in self._pieces])] = values.cpu().numpy()
        return out


def _nothing(*shape: int) -> np.ndarray:
    return np.full(shape, np.nan, dtype=np.float32)
