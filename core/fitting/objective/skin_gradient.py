"""The way back from the skin to what poses it: the data term's derivative, patch by patch."""

from __future__ import annotations

from copy import copy
from typing import NamedTuple

import torch
from torch import Tensor

from core.fitting.objective.patch_products import add_back
from core.fitting.objective.patches import Patch


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
        some.by_stacked, some.by_features = self.by_stacked[..., frames], self.by_features[:, frames]
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
