"""What every summand of the objective is asked for: its value, its gradient and its Gauss-Newton blocks.

The unknowns of a frame are world rotations, moved by G_a <- exp([w_a]x) G_a, the position s of the root
joint and, where frames have them for themselves, shape and expression coefficients. Most terms speak of the
rotation of a joint against its parent, R_a = G_p^T G_a, moved by R_a <- exp([r_a]x) R_a. One follows from the
other,

    r_a = G_p^T (w_a - w_p),

so that a term may say what it knows of R_a (`Slope.twist`, `Band.add_turns`) and leave the tree to `Slope`
and `Band`. Its residual e, with value 1/2 |e|^2, gradient J^T e and block J^T J, is all that it has to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from core.fitting.objective import frames_last
from core.fitting.objective.band import Band
from core.fitting.objective.patches import stack
from core.fitting.objective.pose import Pose
from core.fitting.objective.unknowns import Unknowns
from core.model.body import pose_features
from core.model.skinning import KinematicTree

if TYPE_CHECKING:
    from typing_extensions import Self


class Posed:
    """n frames at one state.

    Args:
        tree: of the body.
        pose: n poses.
        relative: (n, J, 3, 3) rotations relative to the parent, where they are known already.

    Attributes:
        parents: (J - 1,) parents of the joints below the root.
    """

    def __init__(self, tree: KinematicTree, pose: Pose, relative: Tensor | None = None) -> None:
        self.tree, self.pose = tree, pose
        if relative is not None:
            self.relative = relative

    @cached_property
    def relative(self) -> Tensor:
        """(n, J, 3, 3) rotations relative to the parent; the root's is its world rotation."""
        if frames_last.serves(self.pose.world):
            return frames_last.first(self.relative_last)
        return self.tree.relative_rotations(self.pose.world)

    @cached_property
    def world_last(self) -> Tensor:
        """(3, 3, J, n) world rotations with frames last; see `frames_last`."""
        return frames_last.last(self.pose.world)

    @cached_property
    def relative_last(self) -> Tensor:
        """(3, 3, J, n) `relative` with frames last."""
        known = self.__dict__.get("relative")
        if known is not None:
            return frames_last.last(known)
        return frames_last.relative_rotations(self.tree, self.world_last)

    @cached_property
    def stacked(self) -> Tensor:
        """(K, 3, n) X of the poses, as the skin is linear in it."""
        return stack(self.pose.world, self.pose.root)

    @cached_property
    def features(self) -> Tensor:
        """(P, n) pose features."""
        if frames_last.serves(self.pose.world):
            return frames_last.features(self.relative_last)
        return pose_features(self.relative)

    @cached_property
    def parents(self) -> Tensor:
        """(J - 1,) parents of the joints below the root."""
        return self.tree.above(self.pose.root.device)


@dataclass(eq=False)
class Slope:
    """The derivative of the objective of n frames, which terms add to in place.

    Attributes:
        torque: (n, J, 3) by a world rotation increment of each joint, exp([w]x) G.
        twist: (n, J, 3) by an increment of each relative rotation, exp([r]x) R.
        force: (n, 3) by the root position.
        betas: (n, Z) by coefficients of the frames' own, or None.
    """

    torque: Tensor
    twist: Tensor
    force: Tensor
    betas: Tensor | None = None

    @classmethod
    def at_rest(cls, at: Posed) -> Slope:
        """Nothing yet."""
        pose = at.pose
        turns = pose.root.new_zeros(2, len(pose.root), len(at.tree.parents), 3)
        betas = None if pose.betas is None else torch.zeros_like(pose.betas)
        return cls(turns[0], turns[1], torch.zeros_like(pose.root), betas)

    def turned(self, at: Posed) -> Tensor:
        """(n, J, 3) by world rotations, with what was said of relative ones; changes `torque`."""
        torque, twist = self.torque, self.twist
        if frames_last.serves(torque):
            return self._turned_last(at)
        torque[:, 0] += twist[:, 0]
        below = (at.pose.world[:, at.parents] @ twist[:, 1:, :, None]).squeeze(-1)
        torque[:, 1:] += below
        return torque.index_add_(1, at.parents, below, alpha=-1)

    def _turned_last(self, at: Posed) -> Tensor:
        torque, twist = (each.permute(2, 1, 0) for each in (self.torque, self.twist))
        torque[:, 0] += twist[:, 0]
        below = frames_last.product(at.world_last.index_select(2, at.parents), twist[:, 1:])
        torque[:, 1:] += below
        torque.index_add_(1, at.parents, below, alpha=-1)
        return self.torque


@dataclass(frozen=True, eq=False)
class Pull:
    """A term that is nothing but 1/2 sum_a w_a |log(R_a P_a^T)|^2 of each frame by itself.

    Attributes:
        rotations: (n, J, 3, 3) P.
        weights: (J,) w, square metres per square radian.
    """

    rotations: Tensor
    weights: Tensor


@dataclass(frozen=True, eq=False)
class CoefficientPull:
    """A term that is nothing but 1/2 sum_z w_z beta_z^2 of each frame by itself.

    Attributes:
        weights: (Z,) w, square metres.
    """

    weights: Tensor


class Term(Protocol):
    """One summand of the objective over n frames in a row."""

    @property
    def name(self) -> str:
        """What it is called where terms are told apart."""

    @property
    def apart(self) -> int:
        """The furthest frames that it couples: 0 each frame by itself, 1 neighbours, 2 those beyond."""

    @property
    def strength(self) -> float:
        """Where it couples frames, its weight on differences of the order `apart`, square metres per square
        radian: how far a change spreads in time. Else 0."""

    @property
    def pull(self) -> Pull | CoefficientPull | None:
        """The term as a pull on relative rotations or on coefficients, where it is one."""

    def value(self, at: Posed) -> Tensor:
        """(n,) square metres, so written that autograd sees through it; what lies between frames counts with
        the last of them."""

    def add_gradient(self, slope: Slope, at: Posed) -> Tensor:
        """Adds the derivative of the sum of `value`, in place, and returns `value`."""

    def add_blocks(self, band: Band, at: Posed) -> None:
        """Adds the Gauss-Newton blocks: symmetric together, and positive semi-definite."""

    def __getitem__(self, frames: Tensor | slice) -> Self:
        """The same of some frames; asked of terms that couple none alone."""


@dataclass(frozen=True)
class Terms:
    """The terms of n frames beside the data term."""

    parts: tuple[Term, ...] = ()

    def __iter__(self) -> Iterator[Term]:
        return iter(self.parts)

    def __getitem__(self, frames: Tensor | slice) -> Terms:
        return Terms(tuple(term[frames] for term in self.parts))

    @property
    def alone(self) -> Terms:
        """Those that see each frame by itself."""
        return Terms(tuple(term for term in self.parts if not term.apart))

    @property
    def between(self) -> Terms:
        """Those that couple frames."""
        return Terms(tuple(term for term in self.parts if term.apart))

    @property
    def apart(self) -> int:
        """The furthest frames that any of them couples."""
        return max((term.apart for term in self.parts), default=0)

    def add_blocks(self, blocks: Sequence[Tensor], at: Posed, unknowns: Unknowns) -> None:
        """Adds those of all, in place.

        Args:
            blocks: as `Band` takes them.
            at: the frames.
            unknowns: of each.
        """
        band = Band(blocks, unknowns, at.parents)
        for term in self.parts:
            term.add_blocks(band, at)


NO_TERMS = Terms()
"""The data term alone."""
