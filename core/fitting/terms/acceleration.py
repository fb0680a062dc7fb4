"""Acceleration: the motion itself moves evenly, whatever its source does.

    1/2 alpha sum_n ( sum_a |a_{n,a}|^2 + 100 |x_{n-1} - 2 x_n + x_{n+1}|^2 f^4 )

    a_n = (u_n - v_n) f^2,    u_n = log(R_{n+1} R_n^T),    v_n = log(R_n R_{n-1}^T)

with R the rotation of a joint against its parent, x the position of the root joint and f the frames per
second: a is the second geodesic difference on SO(3) (Boumal and Absil, A discrete regression method on
manifolds, IFAC 2011), in radians per square second. With J(u)^-1 the inverse left Jacobian of SO(3), and
J(-u)^-1 that of the right one, a turn of a frame from the left changes e = u - v by

    C = J(u)^-1 r_{n+1},    B = -(J(-u)^-1 + J(v)^-1) r_n,    A = J(-v)^-1 r_{n-1}

so that the gradient is alpha f^4 (A^T e, B^T e, C^T e) and the Gauss-Newton blocks of the three frames are
the products of A, B and C: frames two apart meet in C^T A.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.band import Band
from core.fitting.objective.term import Posed, Slope, Term
from core.fitting.terms.given import Given
from core.fitting.terms.smoothness import ROOT_PER_ROTATION
from core.model.skinning import cross_matrices, rotation_vectors

# Of the setting, mm² s⁴/rad².
SQUARE_METRES = 1e-6


@dataclass(frozen=True, eq=False)
class Acceleration:
    """The pull of n frames in a row on those up to two apart.

    Attributes:
        weights: (J,) alpha f^4, square metres per square radian a frame.
        root_weight: on the root position, without unit.
        bends: (n - 2, 3) x_{n-1} - 2 x_n + x_{n+1} of what poses leave out of the root's path, metres.
        joined: (n - 2,) 1 where three frames of the motion follow each other, else 0.
    """

    weights: Tensor
    root_weight: float
    bends: Tensor
    joined: Tensor
    name = "acceleration"
    apart = 2
    pull = None

    @property
    def strength(self) -> float:
        """The largest weight."""
        return max(float(self.weights.max()), self.root_weight / ROOT_PER_ROTATION)

    def __getitem__(self, frames: Tensor | slice) -> Acceleration:
        raise TypeError("frames that pull on each other cannot be taken apart")

    def _bends(self, at: Posed) -> tuple[Tensor, Tensor]:
        """(n - 1, J, 3) turns from frame to frame, and (n - 2, 3) the bends of the root's path."""
        root = at.pose.root
        turns = rotation_vectors(at.relative[1:] @ at.relative[:-1].transpose(-1, -2))
        return turns, root[2:] - 2 * root[1:-1] + root[:-2] + self.bends

    def _value(self, turns: Tensor, bends: Tensor) -> Tensor:
        turned = (self.weights[:, None] * (turns[1:] - turns[:-1]).square()).sum((1, 2))
        triples = 0.5 * (self.joined * (turned + self.root_weight * bends.square().sum(1)))
        return torch.cat((triples.new_zeros(2), triples))

    def value(self, at: Posed) -> Tensor:
        """(n,) square metres, of each frame with the two before."""
        if len(at.pose.root) < 3:
            return torch.zeros_like(at.pose.root[:, 0])
        return self._value(*self._bends(at))

    def add_gradient(self, slope: Slope, at: Posed) -> Tensor:
        """Adds the derivative by all three frames."""
        count = len(at.pose.root) - 2
        if count < 1:
            return torch.zeros_like(at.pose.root[:, 0])
        turns, bends = self._bends(at)
        pulled = (turns[1:] - turns[:-1]) * (self.weights[:, None] * self.joined[:, None, None])
        bent = bends * (self.root_weight * self.joined[:, None])
        for place, (by_turn, by_shift) in enumerate(zip(_derivatives(turns), (1, -2, 1), strict=True)):
            some = slice(place, place + count)
            slope.twist[some] += (by_turn.transpose(-1, -2) @ pulled[..., None]).squeeze(-1)
            slope.force[some] += by_shift * bent
        return self._value(turns, bends)

    def add_blocks(self, band: Band, at: Posed) -> None:
        """Adds the products of the three derivatives."""
        frames = len(at.pose.root)
        if frames < 3:
            return
        turns, _ = self._bends(at)
        by_turn, by_shift = _derivatives(turns), (1.0, -2.0, 1.0)
        weights = (self.weights * self.joined[:, None])[:, :, None, None]
        for apart in range(3):
            second = turns.new_zeros(frames - apart, len(self.weights), 3, 3)
            shifts = turns.new_zeros(frames - apart)
            for early, late in combinations_with_replacement(range(3), 2):
                if late - early == apart:
                    some = slice(early, early + frames - 2)
                    second[some] += weights * (by_turn[late].transpose(-1, -2) @ by_turn[early])
                    shifts[some] += self.root_weight * self.joined * by_shift[late] * by_shift[early]
            band.add_turns(apart, second, at.pose)
            band.add_root(apart, shifts)


def _derivatives(turns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(n - 2, J, 3, 3) A, B and C of (n - 1, J, 3) turns."""
    left = _inverse_jacobians(turns)
    right = left.transpose(-1, -2)  # that of -u
    return right[:-1], -(right[1:] + left[:-1]), left[1:]


def _inverse_jacobians(turns: Tensor) -> Tensor:
    """Inverse left Jacobians (..., 3, 3) of SO(3) at rotation vectors (..., 3), angles below 2 pi (Sola et
    al. 2018, eq. 146): I - 1/2 [u]x + (1/|u|^2 - (1 + cos |u|) / (2 |u| sin |u|)) [u]x^2."""
    square = turns.square().sum(-1)
    small = square < 1e-2
    safe = torch.where(small, torch.ones_like(square), square)
    half = 0.5 * safe.sqrt()
    # The bracket is (1 - x cot x) / |u|^2, x half the angle; small ones lose their digits so.
    beginning = 1 / 12 + square / 720 + square.square() / 30240
    share = torch.where(small, beginning, (1 - half / torch.tan(half)) / safe)
    cross = cross_matrices(turns)
    identity = torch.eye(3, dtype=turns.dtype, device=turns.device)
    return identity - 0.5 * cross + share[..., None, None] * (cross @ cross)


def terms_of(given: Given) -> Iterator[Term]:
    """Where the frames are solved together and the settings say so."""
    facts, weight = given.facts, SQUARE_METRES * given.settings.acceleration * given.facts.fps**4
    if given.together and weight:
        trans = np.asarray(given.trans, dtype=np.float64)
        yield Acceleration(
            facts.weights(weight),
            ROOT_PER_ROTATION * weight * facts.moves,
            facts.tensor(np.diff(trans, 2, axis=0)),
            given.joined(2),
        )
