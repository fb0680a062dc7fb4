"""Pose correctives of a part of the skin as those of a few features and a few modes of all others.

A vertex moves by P_i f with the pose features f. Near a joint its features move the skin sharply; those of
all others hardly move it, and smoothly: what they do to the vertices of a part, (b, 3o) of b vertices and o
features, is nearly of rank k,

    P_other = A B + E,    A (b, k) modes over the vertices, B (k, 3o) how features mix them,

so that 3k(b + o) products take the place of 3bo. The modes are axes of a random mixture of the features
(Halko, Martinsson and Tropp, Finding structure with randomness, 2011), each feature counting as much as
another. Features that these do not hold keep directions of their own: they are sorted out by some of the
vertices, first those that stand out far. What is left out, E, is no more than `LEFT_OUT` at features of
`TYPICAL`, in the mean square over the part: micrometres at most. Where correctives are not so smooth, none
are split.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from core.files.kept.array_store import stored
from core.model.body import BodyModel

# Metres, a coordinate; pose features are about so large. Of large parts the mean is as strict as of so many
# vertices: few of them must not have all of the error.
LEFT_OUT, TYPICAL, MEAN_OF = 2e-7, 0.3, 100
# Most modes of a part, and numbers of them that are tried.
MOST_MODES, MODES = 96, 4
# A part is split where that takes less than this share of the products.
WORTH = 0.7
# All of a skin takes few if less than this.
LITTLE = 0.4
# Features are sorted out by so many vertices, at so many times the error.
SORTED_BY, SORTED_AT = 120, (300.0, 30.0, 5.0)


@dataclass(frozen=True, eq=False)
class Correctives:
    """What moves b vertices with the pose.

    Attributes:
        features: (q,) pose features that move them each in its own way.
        directions: (3b, q) by how many metres; three rows of a vertex in a row.
        others: (o,) all other features that move them.
        modes: (b, k) what these do, over the vertices.
        mixtures: (3k, o) metres of each mode; three rows of a mode in a row.
    """

    features: Tensor
    directions: Tensor
    others: Tensor
    modes: Tensor
    mixtures: Tensor

    @classmethod
    def plain(cls, features: Tensor, directions: Tensor) -> Correctives:
        """Each feature with directions of its own."""
        count, none = len(directions) // 3, directions.new_zeros(0, 0)
        return cls(features, directions, features[:0], directions.new_zeros(count, 0), none)

    @property
    def layout(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """As `core.fitting.objective.patch_products` takes them."""
        return self.features, self.directions, self.others, self.modes, self.mixtures

    def by_axes(self) -> Correctives:
        """The same with rows of directions and mixtures first x of all, then y, then z."""
        directions, mixtures = (
            each.unflatten(0, (-1, 3)).transpose(0, 1).flatten(0, 1).contiguous()
            for each in (self.directions, self.mixtures)
        )
        return replace(self, directions=directions, mixtures=mixtures)

    @property
    def products(self) -> int:
        """Numbers that a frame multiplies."""
        return self.directions.numel() + self.mixtures.numel() + 3 * self.modes.numel()


def take_little(correctives: Iterable[Correctives], features: int) -> bool:
    """Parts of a skin take few products beside directions by each of a body's pose features."""
    each = [(found.products, features * len(found.directions)) for found in correctives]
    return sum(products for products, _ in each) <= LITTLE * sum(dense for _, dense in each)


@dataclass(frozen=True, eq=False)
class Smooth:
    """The smooth correctives of a part of b vertices.

    Attributes:
        others, modes, mixtures: as of `Correctives`; none where it is not worth while.
    """

    others: Tensor
    modes: Tensor
    mixtures: Tensor

    @classmethod
    def of(cls, directions: Tensor) -> Smooth:
        """Those of (b, 3, f) directions, metres."""
        count, _, width = directions.shape
        chosen = torch.arange(width if count >= MODES else 0)
        some = directions[torch.linspace(0, count - 1, min(count, SORTED_BY)).long()].double()
        for times in SORTED_AT:
            chosen = _smooth(some, chosen, times).others
        found = _smooth(directions.double(), chosen, 1.0)
        modes, others = found.modes.shape[1], len(found.others)
        if 3 * count * (width - others) + 3 * modes * (count + others) > WORTH * 3 * count * width:
            return cls(chosen[:0], directions.new_zeros(count, 0), directions.new_zeros(0, 0))
        return cls(found.others, found.modes.to(directions), found.mixtures.to(directions))

    def beside(self, rows: Tensor, plain: Correctives) -> Correctives:
        """The correctives of some vertices (ids), of which each feature has directions in ``plain``."""
        alone = torch.ones(len(plain.features), dtype=torch.bool)
        alone[self.others] = False
        return Correctives(
            plain.features[alone],
            plain.directions[:, alone].contiguous(),
            self.others,
            self.modes[rows],
            self.mixtures,
        )


def _smooth(directions: Tensor, chosen: Tensor, times: float) -> Smooth:
    """Features that some modes hold, so many as take fewest products in all.

    Args:
        directions: (b, 3, f) metres, double precision.
        chosen: features that the modes are taken of.
        times: by how much more than is allowed they may leave out.
    """
    count, _, width = directions.shape
    if not len(chosen):
        return Smooth(chosen, directions.new_zeros(count, 0), directions.new_zeros(0, 0))
    squares, flat = directions.square().sum((0, 1)), directions.flatten(1)
    scale = torch.zeros_like(squares)
    scale[chosen] = squares[chosen].clamp_min(1e-30).rsqrt()
    start = scale.repeat(3)[:, None] * _start(3 * width, min(MOST_MODES, count))
    axes, _ = torch.linalg.qr(flat @ start)
    held = axes.T @ flat
    scaled = held * scale.repeat(3)
    _, vectors = torch.linalg.eigh(scaled @ scaled.T)
    turn = vectors.flip(1)
    mixtures = (turn.T @ held).view(-1, 3, width)
    # What is left of each feature by the first k of the axes, least first.
    modes = torch.arange(MODES, len(mixtures) + 1, MODES)
    squared = mixtures.square().sum(1).cumsum(0)[modes - 1]
    rest, order = torch.sort((squares - squared).clamp_min(0), 1)
    allowed = 3 * min(count, MEAN_OF) * (times * LEFT_OUT / TYPICAL) ** 2
    others = (rest.cumsum(1) <= allowed).sum(1)
    best = int((count * (width - others) + modes * (count + others)).argmin())
    most, found = int(modes[best]), order[best, : int(others[best])].sort().values
    return Smooth(found, axes @ turn[:, :most], mixtures[:most, :, found].flatten(0, 1))


@lru_cache(maxsize=64)
def _start(rows: int, columns: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(rows, columns, generator=generator, dtype=torch.float64)


class SmoothCorrectives:
    """The smooth correctives of a whole body, part by part; kept on the disk.

    Args:
        body: on the processor.
        parts: (V,) which part each vertex is in.
    """

    def __init__(self, body: BodyModel, parts: np.ndarray) -> None:
        self.parts, self._row = parts, np.zeros(len(parts), dtype=int)
        self._found: dict[int, Smooth] = {}
        ids = {part: np.flatnonzero(parts == part) for part in np.unique(parts).tolist()}

        def made() -> np.ndarray:
            each = (Smooth.of(body.tensor(body.posedirs[some])) for some in ids.values())
            return np.concatenate([_packed(smooth) for smooth in each])

        values = torch.from_numpy(stored("smooth_correctives", 2, [body.posedirs, parts], None, made))
        for part, some in ids.items():
            self._row[some] = np.arange(len(some))
            self._found[part], values = _unpacked(values, len(some))

    def of(self, vertices: np.ndarray, plain: Correctives) -> Correctives:
        """What moves some vertices (ids), as it takes fewest products; ``plain`` as it is."""
        part = self.parts[vertices[:1]]
        if not len(part) or (self.parts[vertices] != part).any():
            return plain
        found = self._found[int(part[0])].beside(torch.from_numpy(self._row[vertices]), plain)
        return found if found.products < WORTH * plain.products else plain


def _packed(smooth: Smooth) -> np.ndarray:
    """One row of numbers."""
    sizes = np.array([smooth.modes.shape[1], len(smooth.others)])
    parts = (smooth.others, smooth.modes.flatten(), smooth.mixtures.flatten())
    return np.concatenate([sizes, *(part.numpy() for part in parts)]).astype(np.float32)


def _unpacked(values: Tensor, count: int) -> tuple[Smooth, Tensor]:
    """The part of ``count`` vertices that a row begins with, and the rest of it."""
    modes, others = (int(size) for size in values[:2])
    which, over, mixed, rest = values[2:].split_with_sizes(
        [others, count * modes, 3 * modes * others, len(values) - 2 - others - modes * (count + 3 * others)]
    )
    return Smooth(which.long(), over.view(count, modes).clone(), mixed.view(3 * modes, others).clone()), rest
