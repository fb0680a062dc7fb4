"""The way back from the skin to what poses it: the data term's derivative, patch by patch."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from core.fitting.objective import frames_last
from core.fitting.objective.patch_products import add_back
from core.fitting.objective.patches import Patch
from core.fitting.objective.pose import Pose
from core.fitting.objective.unknowns import Unknowns


class SkinGradient:
    """Derivatives of the data term of n frames, summed over the patches that are added.

    Args:
        stacked: (K, 3, n) X of the poses.
        own: (Z + 1, n) coefficients of the frames' own, a one first, or None.
        betas: (Z,) of the shape that frames share, to differentiate by too, the root position held; or None.
        frozen: leave the correctives' own derivative out.

    Attributes:
        by_stacked: (K, 3, n) by X, which turns the correctives too.
        by_features: (P, n) by the pose features.
        by_betas: (Z,) by the shared betas, where asked for.
        by_own: (Z + 1, n) by coefficients of the frames' own, where they have them.
    """

    def __init__(self, stacked: Tensor, own: Tensor | None, betas: Tensor | None, frozen: bool) -> None:
        self.own, self.frozen = own, frozen
        self.by_stacked = torch.zeros_like(stacked)
        self.by_features = stacked.new_zeros(3 * (len(stacked) - 4), stacked.shape[2])
        self.by_betas = None if betas is None else torch.zeros_like(betas)
        self.by_own = None if own is None else torch.zeros_like(own)

    def __getitem__(self, frames: Tensor) -> SkinGradient:
        """Those of some frames (m,) that have no coefficients of their own."""
        some = copy(self)
        some.by_stacked = frames_last.some(self.by_stacked, frames)
        some.by_features = frames_last.some(self.by_features, frames)
        return some

    def with_frozen(self) -> SkinGradient:
        """The same without the correctives' own derivative."""
        some = copy(self)
        some.frozen = True
        return some

    def add(self, patch: Patch, basis: Tensor, kept: list[Tensor], pulled: Tensor) -> None:
        """Adds one patch.

        Args:
            patch: of the skin.
            basis: that it was posed with.
            kept: what posing it left.
            pulled: (r, 3, n) derivative of the data term by its vertices.
        """
        add_back(
            basis,
            *patch.layout,
            kept,
            pulled,
            self.by_stacked,
            self.by_features,
            self.own,
            self.by_own,
            self.frozen,
        )
        if self.by_betas is not None:
            moments = pulled.view(len(pulled), -1) @ kept[0].view(len(kept[0]), -1).T
            self.by_betas.addmv_(patch.basis[1:].flatten(1), moments.flatten())

    def ways(self, basis: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Where `patch_products.compare` puts the derivatives of a patch whose U (r, c) this is."""
        by_basis = None if self.by_betas is None else torch.empty_like(basis)
        return self.by_stacked, None if self.frozen else self.by_features, by_basis

    def add_by_basis(self, patch: Patch, by_basis: Tensor | None) -> None:
        """Adds what it has put by U, of a patch whose frames share their coefficients."""
        if self.by_betas is not None and by_basis is not None:
            self.by_betas.addmv_(patch.basis[1:].flatten(1), by_basis.flatten())


@dataclass(frozen=True, eq=False)
class Bends:
    """What the data term's derivatives by X and by the pose features add to its second derivative in n
    frames, as these are no linear functions of how joints turn:

        w_a^T S w_a = <N_a, [w_a]x^2>,    N_a = D_(G_a) G_a^T

    with N_a of each joint, and likewise M_a = G_p D_(R_a) R_a^T G_p^T of each against its parent p, where
    [w_a]x^2 becomes [w_a]x^2 + [w_p]x^2 - 2 [w_p]x [w_a]x. A Gauss-Newton matrix leaves it out. Where the
    skin stays far from its targets and correctives are strong, it is as large as the curvature of a finger,
    of either sign. All of it is known with the gradient but how correctives turn with the skin that they
    bend, which is little.

    Attributes:
        turns: (n, J, 3, 3) N.
        twists: (n, J - 1, 3, 3) D_(R_a) R_a^T of the joints below the root.
    """

    turns: Tensor
    twists: Tensor

    def __getitem__(self, frames: Tensor) -> Bends:
        return Bends(self.turns[frames], self.twists[frames])

    @classmethod
    def merged(cls, good: Tensor, new: Bends, old: Bends) -> Bends:
        """The new ones of frames that are ``good`` (n,) bool, the old ones of the others."""
        good = good[:, None, None, None]
        return cls(torch.where(good, new.turns, old.turns), torch.where(good, new.twists, old.twists))

    def matrix(self, pose: Pose, parents: Tensor, unknowns: Unknowns) -> Tensor:
        """(n, D, D) S by the unknowns of each frame; nothing of its coefficients.

        Args:
            pose: the n poses.
            parents: (J - 1,) of the joints below the root.
            unknowns: of each frame.
        """
        above = pose.world[:, parents]
        twists = above @ self.twists @ above.transpose(-1, -2)
        traces = _traces(twists)
        frames, joints = self.turns.shape[:2]
        every = torch.arange(joints, device=parents.device)
        blocks = twists.new_zeros(frames, joints, joints, 3, 3)
        blocks[:, every, every] = _symmetric(self.turns) - _traces(self.turns)
        blocks[:, every[1:], every[1:]] += _symmetric(twists) - traces
        blocks.flatten(1, 2).index_add_(1, (joints + 1) * parents, _symmetric(twists) - traces)
        blocks[:, every[1:], parents] += traces - twists
        blocks[:, parents, every[1:]] += (traces - twists).transpose(-1, -2)
        blocks = unknowns.gather(unknowns.gather(blocks, 1), 2).transpose(2, 3)
        count = 3 * len(unknowns.free)
        size = count + 3 * unknowns.moves + len(unknowns.coefficients)
        matrix = blocks.new_zeros(frames, size, size)
        matrix[:, :count, :count] = blocks.flatten(3, 4).flatten(1, 2)
        return matrix


def _symmetric(matrices: Tensor) -> Tensor:
    return 0.5 * (matrices + matrices.transpose(-1, -2))


def _traces(matrices: Tensor) -> Tensor:
    """(..., 3, 3) the traces of (..., 3, 3) times I."""
    traces = matrices.diagonal(dim1=-1, dim2=-2).sum(-1)[..., None, None]
    return traces * torch.eye(3, dtype=matrices.dtype, device=matrices.device)


class SkinLook(NamedTuple):
    """What is seen of the skin of n frames.

    Attributes:
        energy: (n,) data term, square metres.
        residual: (V, 3, n) metres.
        robust_weights: (p, n) weights of the robust groups, or None.
        back: derivatives of the data term.
    """

    energy: Tensor
    residual: Tensor
    robust_weights: Tensor | None
    back: SkinGradient

    def of(self, frames: Tensor) -> SkinLook:
        """That of some frames (m,), without a robust loss."""
        residual = frames_last.some(self.residual, frames)
        return SkinLook(self.energy[frames], residual, None, self.back[frames])
