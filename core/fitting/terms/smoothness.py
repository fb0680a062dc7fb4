"""Smoothness: what a fit turns and moves away from its source changes little from frame to frame.

    1/2 mu sum_n ( sum_a |log(O_{n+1,a} O_{n,a}^T)|^2 + 100 |o_{n+1} - o_n|^2 ),    O = R R_source^T

with R the rotation of a joint against its parent and o the root position less the source's, metres. The
residual u = log(O' O^T) is an eigenvector, with value 1, of its derivative by a turn of either frame from the
left (see `pose_prior`): the gradient is mu u at the later frame and -mu u at the earlier, exactly. The
Gauss-Newton blocks are mu I with each frame itself and -mu I between them, up to first order in u.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from core.fitting.objective.band import Band
from core.fitting.objective.term import Posed, Slope, Term
from core.fitting.terms.given import Given
from core.model.skinning import rotation_vectors

ROOT_PER_ROTATION = 100.0
"""A root that moves a decimetre counts as much as a joint that turns by a radian, 1/m²."""


@dataclass(frozen=True, eq=False)
class Smoothness:
    """The pull of n frames in a row on their neighbours.

    Attributes:
        name: of the term.
        reference: (n, J, 3, 3) R_source, relative rotations.
        roots: (n, 3) the source's root positions, metres.
        weights: (J,) mu, square metres per square radian.
        root_weight: on the root position, without unit.
        joined: (n - 1,) 1 where a frame is followed by the next one of the motion, else 0.
    """

    name: str
    reference: Tensor
    roots: Tensor
    weights: Tensor
    root_weight: float
    joined: Tensor
    apart = 1
    pull = None

    @property
    def strength(self) -> float:
        """The largest mu."""
        return max(float(self.weights.max()), self.root_weight / ROOT_PER_ROTATION)

    def __getitem__(self, frames: Tensor | slice) -> Smoothness:
        raise TypeError("frames that pull on each other cannot be taken apart")

    def _changes(self, at: Posed) -> tuple[Tensor, Tensor]:
        beyond = at.relative @ self.reference.transpose(-1, -2)
        turns = rotation_vectors(beyond[1:] @ beyond[:-1].transpose(-1, -2))
        offset = at.pose.root - self.roots
        return turns, offset[1:] - offset[:-1]

    def _value(self, turns: Tensor, shifts: Tensor) -> Tensor:
        turned = (self.weights[:, None] * turns.square()).sum((1, 2))
        pairs = 0.5 * (self.joined * (turned + self.root_weight * shifts.square().sum(1)))
        return torch.cat((torch.zeros_like(self.roots[:1, 0]), pairs))

    def value(self, at: Posed) -> Tensor:
        """(n,) square metres, of each frame with the one before."""
        return self._value(*self._changes(at))

    def add_gradient(self, slope: Slope, at: Posed) -> Tensor:
        """Adds mu u to the later frame's derivative, and takes it from the earlier one's."""
        turns, shifts = self._changes(at)
        pulled = turns * (self.weights[:, None] * self.joined[:, None, None])
        slope.twist[1:] += pulled
        slope.twist[:-1] -= pulled
        shifted = shifts * (self.root_weight * self.joined[:, None])
        slope.force[1:] += shifted
        slope.force[:-1] -= shifted
        return self._value(turns, shifts)

    def add_blocks(self, band: Band, at: Posed) -> None:
        """Adds mu I with each frame itself, and takes it from the blocks between neighbours."""
        neighbours = torch.zeros_like(at.pose.root[:, 0])
        neighbours[1:] += self.joined
        neighbours[:-1] += self.joined
        band.add_pull(self.weights, neighbours)
        band.add_alike(1, -self.weights * self.joined[:, None], at.pose)
        band.add_root(0, self.root_weight * neighbours)
        band.add_root(1, -self.root_weight * self.joined)


def terms_of(given: Given) -> Iterator[Term]:
    """Where the frames are solved together and the settings say so."""
    weight = given.settings.smoothness
    if given.together and weight:
        yield Smoothness(
            "smoothness",
            given.source,
            given.roots,
            given.facts.weights(weight),
            ROOT_PER_ROTATION * weight,
            given.joined(1),
        )
