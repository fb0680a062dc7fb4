"""The harder bodies are as hard as they are said to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.core.fitting.judged import clip, fit
from tests.variants import HARSHER, body_pair


@pytest.mark.parametrize("name", HARSHER)
def test_harsher_bodies_have_what_licensed_ones_have(name: str) -> None:
    easy, pair = body_pair("built-in"), body_pair(name)
    for body, before in ((pair.source, easy.source), (pair.target, easy.target)):
        assert 4.5e-4 < np.abs(body.posedirs).mean() < 5e-4
        assert body.num_betas == 300
        # Finer coefficients are smaller, and none is nothing.
        sizes = np.sqrt((body.shapedirs.astype(float) ** 2).sum(1).mean(0))
        assert (sizes > 5e-5).all()
        assert sizes[before.num_betas :].max() < 4e-3
        assert (body.J_regressor < 0).any(1).all()
        assert body.J_regressor.min() > -0.02
        assert np.abs(body.J_regressor.sum(1) - 1).max() < 1e-4
        assert body.hands_mean is not None
        assert np.abs(body.hands_mean).max() > 0.5
        moved = np.linalg.norm(body.v_template - before.v_template, axis=1)
        assert moved.mean() > 5e-3
    assert not np.allclose(pair.source.hands_mean, pair.target.hands_mean)


def test_their_correctives_and_templates_differ() -> None:
    source, target = body_pair("harsher").source, body_pair("harsher").target
    there = body_pair("harsher").correspondence
    at = there.matrix @ source.posedirs.reshape(len(source.posedirs), -1)[:, :300]
    apart = (target.posedirs.reshape(len(target.posedirs), -1)[:, :300] - at)[there.valid]
    assert np.abs(apart).mean() > 4.5e-4
    templates = [body_pair(name).target.v_template for name in HARSHER]
    assert len({body_pair(name).target.gender for name in HARSHER}) == 3
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.linalg.norm(templates[one] - templates[other], axis=1).mean() > 0.02


def test_their_rest_shapes_stay_apart_after_a_fit() -> None:
    motion = clip("walk", 0, 1)
    still = replace(motion, poses=np.zeros_like(motion.poses))
    result = fit(still, body_pair("harsher"))
    assert 5 < result.mean_mm[0] < 9
