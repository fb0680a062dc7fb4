"""The small body of the part weights: every part, both sides, true to the labels of the built-in body."""

from __future__ import annotations

import numpy as np

from core.bodies import load_bodies
from core.build_part_outlines import front_outlines
from core.joints import PARTS
from core.part_outlines import builtin_outlines


def area(points: np.ndarray) -> float:
    x, y = points.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def test_what_is_kept_is_what_is_found() -> None:
    kept, found = builtin_outlines(), front_outlines(load_bodies(None).target)
    assert [outline.part for outline in kept] == [outline.part for outline in found]
    for one, other in zip(kept, found, strict=True):
        assert abs(area(one.points) - area(other.points)) < 1e-3


def test_every_part_is_where_it_belongs() -> None:
    outlines = builtin_outlines()
    counts = {part: sum(outline.part == part for outline in outlines) for part in PARTS}
    assert counts == {"head": 1, "torso": 1, "arms": 2, "hands": 2, "legs": 2, "feet": 2}
    middles = {part: np.array([o.points.mean(0) for o in outlines if o.part == part]) for part in PARTS}
    heights = {part: middle[:, 1].mean() for part, middle in middles.items()}
    assert heights["head"] < heights["torso"] < heights["legs"] < heights["feet"]
    for part in ("arms", "hands", "legs", "feet"):
        left, right = middles[part]
        assert abs(left[0] + right[0]) < 0.02
        assert abs(left[1] - right[1]) < 0.02
    points = np.concatenate([outline.points for outline in outlines])
    assert -0.005 <= points[:, 1].min() < 0.01
    assert 0.99 < points[:, 1].max() <= 1.01
