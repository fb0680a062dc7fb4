"""U_y^T L U_z of all pairs of few coefficients, kept where they are not zero, in memory and on the disk.

Of the columns of U only those of joints that move the same skin meet: an eighth of the pairs. From these
products the matrices of any shape are sums of some thousand numbers for each pair of coefficients, where they
would be sums over all vertices.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

import numpy as np
import torch
from torch import Tensor

from core.files.kept.array_store import read_stored, stored
from core.fitting.objective.objective import FitSkin
from core.fitting.objective.patches import with_mean
from core.fitting.solver.skin_products import NormalMatrix

_VERSION = 1
# Made of few shapes, they take longer than all that is asked of them: these are some three clips.
WORTH_PAIRS = 40


@dataclass(frozen=True, eq=False)
class CoefficientProducts:
    """The products of one skin in a metric of which every vertex adds its own part.

    Attributes:
        width: K = 3J + 1, columns of U.
        places: (m,) where in a flat (K, K) matrix they may differ from zero.
        values: (Z + 1, Z + 1, m) float64 U_y^T L U_z there, the mean shape first.
    """

    width: int
    places: Tensor
    values: Tensor

    @classmethod
    def of(cls, skin: FitSkin, make: bool) -> CoefficientProducts | None:
        """Those of a skin, from the disk, or else made and put there; None where they are not to be made."""
        width, count = 3 * skin.body.num_joints + 1, len(skin.coefficients) + 1
        meet = torch.zeros(width, width, dtype=torch.bool, device=skin.body.device)
        for patch in skin.patches.patches:
            meet[patch.columns[:, None], patch.columns] = True
        places = torch.nonzero(meet.flatten()).squeeze(1)
        made_of = [skin.metric.vertex_weights.cpu().numpy()]
        for patch in skin.patches.patches:
            made_of += [patch.columns.cpu().numpy(), patch.basis.cpu().numpy()]
        what = ("coefficient_products", _VERSION, made_of, (count, count, len(places)))
        found = stored(*what, lambda: _made(skin, places, width)) if make else read_stored(*what)
        if found is None:
            return None
        return cls(width, places, torch.as_tensor(found, device=skin.body.device).double())

    def at(self, betas: Tensor) -> Tensor:
        """(1, K, K) H of (Z,) betas."""
        own = with_mean(betas).double()
        return self._spread(torch.outer(own, own).flatten() @ self.values.flatten(0, 1)).to(betas)[None]

    def derivatives(self, betas: Tensor) -> Tensor:
        """(1, Z, K, K): U(betas)^T L U_z for each beta z."""
        own = with_mean(betas).double()
        found = own @ self.values.flatten(1)
        return self._spread(found.view(len(own), -1)[1:]).to(betas)[None]

    def squares(self, outer: Tensor) -> Tensor:
        """(Z, Z) sum over frames of <U_y X, L U_z X>, from (1, K, K) the sum over the frames of X X^T."""
        return self.values[1:, 1:] @ outer.double().flatten()[self.places]

    def _spread(self, values: Tensor) -> Tensor:
        """(..., m) to (..., K, K)."""
        out = values.new_zeros(*values.shape[:-1], self.width * self.width)
        out[..., self.places] = values
        return out.unflatten(-1, (self.width, self.width))


class KeptNormalMatrix(NormalMatrix):
    """A `NormalMatrix` that takes its sums from `CoefficientProducts` once they are worth it: from the first
    question on where they are on the disk, and else when many have come. Not where there are many
    coefficients, another metric, a skin that comes and goes, or a device, which sums as fast.
    """

    def __init__(self, skin: FitSkin) -> None:
        super().__init__(skin)
        on_processor = skin.body.device.type == "cpu"
        self._suits = on_processor and not self.wide and skin.lasting and skin.metric.local
        self._asking, self._asked = Lock(), 0
        self._pairs: CoefficientProducts | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of what has been made so far."""
        pairs = 0 if self._pairs is None else self._pairs.values.numel() * 8
        return super().nbytes + pairs

    def _worth(self) -> CoefficientProducts | None:
        if not self._suits:
            return None
        with self._asking:
            self._asked += 1
            if self._pairs is None and self._asked in (1, WORTH_PAIRS):
                self._pairs = CoefficientProducts.of(self.skin, make=self._asked == WORTH_PAIRS)
            return self._pairs

    def at(self, betas: Tensor) -> Tensor:
        """As of any."""
        pairs = self._worth()
        return super().at(betas) if pairs is None else pairs.at(betas)

    def derivatives(self, betas: Tensor) -> Tensor:
        """As of any."""
        pairs = self._worth()
        return super().derivatives(betas) if pairs is None else pairs.derivatives(betas)

    def squares(self, outer: Tensor) -> Tensor:
        """As of any."""
        pairs = self._worth()
        return super().squares(outer) if pairs is None else pairs.squares(outer)


def _made(skin: FitSkin, places: Tensor, width: int) -> np.ndarray:
    count = len(skin.coefficients) + 1
    place = torch.full((width * width,), -1, device=places.device)
    place[places] = torch.arange(len(places), device=places.device)
    place = place.view(width, width)
    out = torch.zeros(count, count, len(places), dtype=torch.float64, device=places.device)
    for patch in skin.patches.patches:
        flat = patch.basis.permute(1, 0, 2).flatten(1).double()
        product = (flat * skin.metric.vertex_weights[patch.rows, :, 0]).T @ flat
        columns = patch.columns
        product = product.view(count, len(columns), count, len(columns)).transpose(1, 2).flatten(2)
        out[:, :, place[columns[:, None], columns].flatten()] += product
    return out.float().cpu().numpy()
