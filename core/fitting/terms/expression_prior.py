"""The expression prior: expression coefficients are pulled towards none.

    1/2 w |psi|^2    for each frame that the expression is solved from

As the shape prior: the gradient is w psi, the Gauss-Newton block w I.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.fitting.objective.term import Term
from core.fitting.terms.given import Given
from core.fitting.terms.shape_prior import coefficient_priors


def terms_of(given: Given) -> Iterator[Term]:
    """Where the expression is solved."""
    weight, which = given.settings.expression_prior, ~given.facts.is_beta
    return coefficient_priors(given, "expression prior", weight, which)
