"""The shape prior: betas are pulled towards the mean shape.

    1/2 w |beta|^2    for each frame that the shape is solved from

The residual is linear: the gradient is w beta, the Gauss-Newton block w I. Betas are standard deviations of
the population, so this is a Gaussian prior of its covariance (Loper et al., SMPL, 2015, section 4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from core.fitting.objective.band import Band
from core.fitting.objective.term import CoefficientPull, Posed, Slope, Term
from core.fitting.terms.given import Given


@dataclass(frozen=True, eq=False)
class CoefficientPrior:
    """Pull of coefficients towards zero.

    Attributes:
        name: of the term.
        weights: (Z,) w, square metres; 0 for what is not solved.
    """

    name: str
    weights: Tensor
    apart = 0
    strength = 0.0

    def __getitem__(self, frames: Tensor | slice) -> CoefficientPrior:
        return self

    @property
    def pull(self) -> CoefficientPull:
        """All of it."""
        return CoefficientPull(self.weights)

    def value(self, at: Posed) -> Tensor:
        """(n,) square metres."""
        assert at.pose.betas is not None
        return 0.5 * (self.weights * at.pose.betas.square()).sum(1)

    def add_gradient(self, slope: Slope, at: Posed) -> Tensor:
        """Adds w beta."""
        assert slope.betas is not None
        assert at.pose.betas is not None
        slope.betas += self.weights * at.pose.betas
        return self.value(at)

    def add_blocks(self, band: Band, at: Posed) -> None:
        """Adds w I."""
        band.add_coefficients(self.weights)


def coefficient_priors(given: Given, name: str, weight: float, which: np.ndarray) -> Iterator[Term]:
    """The prior on those of the coefficients ``which`` (Z,) bool that are solved."""
    solved = which & given.coefficients
    if weight and solved.any():
        yield CoefficientPrior(name, given.facts.tensor(np.where(solved, weight, 0.0)))


def terms_of(given: Given) -> Iterator[Term]:
    """Where betas are solved."""
    return coefficient_priors(given, "shape prior", given.settings.shape_prior, given.facts.is_beta)
