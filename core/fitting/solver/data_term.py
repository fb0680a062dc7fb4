"""The data term: how far the skin of some frames is from its targets.

    1/2 tr((U X - T)^T L (U X - T)),    v = U X + correctives

with U of the shape, X the stacked world rotations and root position and L the metric of the skin, robust or
not (`core.fitting.objective.metric`). Value and gradient go over the patches of the skin
(`core.fitting.objective.objective`), correctives included; the Gauss-Newton block comes of U^T L U, which
all frames share, without a vertex (`pose_matrix`), and of what the correctives add (`corrective_curvature`).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from core.fitting.objective import frames_last
from core.fitting.objective.band import Band
from core.fitting.objective.objective import Evaluation, FitSkin, Shape
from core.fitting.objective.pose import Pose
from core.fitting.objective.skin_gradient import Bends
from core.fitting.objective.term import NO_TERMS, Posed, Slope, Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.corrective_curvature import CorrectiveCurvature
from core.fitting.solver.normal_equations import frame_matrix
from core.fitting.solver.skin_products import SkinStatistics


@dataclass(frozen=True, eq=False)
class DataTerm:
    """The data term of n frames. All other terms are few numbers beside it, so that it sums them up itself:
    each on what it has at hand, before its own matrices are turned around.

    Attributes:
        skin: of the target, with its metric.
        shape: held.
        found: the products of the skin at that shape.
        curvature: the correctives' part of the matrix, of the shape.
        targets: (V, 3, n) metres.
    """

    skin: FitSkin
    shape: Shape
    found: SkinStatistics
    curvature: CorrectiveCurvature
    targets: Tensor
    name = "data"
    apart = 0
    pull = None
    strength = 0.0

    def __getitem__(self, frames: Tensor | slice) -> DataTerm:
        targets = frames_last.some(self.targets, frames)
        return DataTerm(self.skin, self.shape, self.found, self.curvature, targets)

    def evaluate(self, pose: Pose, terms: Terms, *, frozen: bool = False) -> Evaluation:
        """The data term with others, and their gradient; see `FitSkin.evaluate`."""
        return self.skin.evaluate(pose, self.shape, self.targets, terms, frozen=frozen)

    def value_and_residuals(self, pose: Pose, terms: Terms) -> tuple[Tensor, Tensor]:
        """Value and residuals alone; see `FitSkin.value_and_residuals`."""
        return self.skin.value_and_residuals(pose, self.shape, self.targets, terms)

    def matrix(
        self,
        pose: Pose,
        terms: Terms,
        unknowns: Unknowns,
        robust_weights: Tensor | None,
        *,
        curved: bool = False,
        share: int = 1,
        bends: Bends | None = None,
    ) -> Tensor:
        """(n, D, D) Gauss-Newton matrices of the data term with others; see `frame_matrix`.

        Args:
            pose: n poses.
            terms: of those frames.
            unknowns: of each frame.
            robust_weights: of the `Evaluation` there.
            curved: with the correctives' part.
            share: so many frames in a row share that.
            bends: of the `Evaluation` there.
        """
        return frame_matrix(
            self.found,
            pose,
            unknowns,
            terms,
            robust_weights,
            self.curvature if curved else None,
            share,
            bends,
        )

    def value(self, at: Posed) -> Tensor:
        """(n,) square metres."""
        return self.value_and_residuals(at.pose, NO_TERMS)[0]

    def add_gradient(self, slope: Slope, at: Posed) -> Tensor:
        """Adds the true gradient, correctives included."""
        found = self.evaluate(at.pose, NO_TERMS)
        slope.torque += found.torque
        slope.force += found.force
        if slope.betas is not None and found.betas is not None:
            slope.betas += found.betas
        return found.energy

    def add_blocks(self, band: Band, at: Posed) -> None:
        """Adds U^T L U and the correctives' part."""
        robust = self.skin.metric.loss != "none"
        robust_weights = self.evaluate(at.pose, NO_TERMS).robust_weights if robust else None
        band.blocks[0].add_(self.matrix(at.pose, NO_TERMS, band.unknowns, robust_weights, curved=True))
