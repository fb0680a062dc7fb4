"""Medians and quartiles of many columns at once are those of each column by itself."""

from __future__ import annotations

import numpy as np
import pytest

from core.problems.rules import RULES, limits
from core.problems.thresholds import ProblemThresholds


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 30, 31])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.bound.name)
def test_columns_with_gaps_are_judged_as_they_are_alone(rule, frames: int) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(frames)
    values = rng.gamma(2, 3, size=(frames, 6))
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 2] = np.nan
    values[0, 3] = np.inf
    usual, limit = limits(values, rule, ProblemThresholds(), 30.0)
    for column in range(6):
        known = values[np.isfinite(values[:, column]), column]
        alone = limits(known[:, None], rule, ProblemThresholds(), 30.0)
        assert np.allclose((usual[column], limit[column]), (alone[0][0], alone[1][0]), equal_nan=True)
        if not len(known):
            assert np.isnan(usual[column])
        elif rule.bound.at_most:
            assert usual[column] == pytest.approx(np.median(known))
        else:
            spread = 1.4826 * np.median(np.abs(known - np.median(known)))
            most = np.median(known) + max(spread * ProblemThresholds().spread, 0)
            assert usual[column] in (
                pytest.approx(np.median(known)),
                pytest.approx(np.percentile(known, 25)),
            )
            assert rule.bound.distance or limit[column] >= most * (1 - 1e-12)
