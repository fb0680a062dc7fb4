"""The small body of the stages and its face: every part, both sides, true to the built-in body."""

from __future__ import annotations

import numpy as np

from assets.build.part_outlines import face_outlines, front_outlines
from core.correspond.load_bodies import load_bodies
from core.geometry.part_outlines import builtin_face, builtin_outlines
from core.model.joints import PARTS


def area(points: np.ndarray) -> float:
    x, y = points.T
    return float(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)


def test_what_is_kept_is_what_is_found() -> None:
    body = load_bodies(None).target
    for kept, found in (
        (builtin_outlines(), front_outlines(body)),
        (builtin_face(), face_outlines(body)),
    ):
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


def test_the_face_has_a_jaw_below_two_eyes() -> None:
    outlines = builtin_face()
    assert [outline.part for outline in outlines] == ["face", "jaw", "eyes", "eyes"]
    face, jaw, *eyes = (outline.points for outline in outlines)
    assert abs(eyes[0][:, 0].mean() + eyes[1][:, 0].mean()) < 0.01
    assert max(eye[:, 1].max() for eye in eyes) < jaw[:, 1].min()
    for part in (jaw, *eyes):
        # Lines are smoothed each for itself.
        assert (part.min(0) > face.min(0) - 0.01).all()
        assert (part.max(0) < face.max(0) + 0.01).all()
