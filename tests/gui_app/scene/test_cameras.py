"""Views are named after the body."""

from __future__ import annotations

import numpy as np
import pytest

from gui_app.scene.cameras import camera_at


@pytest.mark.parametrize(("name", "opposite"), [("front", "back"), ("side", "right")])
def test_each_side_has_its_opposite_from_as_far_and_as_high(name: str, opposite: str) -> None:
    facing, centre = np.array([0.6, -0.8, 0.0]), np.array([1.0, 2.0, 0.0])
    one, other = (camera_at(view, centre, facing, 1.7, 0.8, 1.2) for view in (name, opposite))
    ours, theirs = one.position - one.focal_point, other.position - other.focal_point
    assert ours[:2] == pytest.approx(-theirs[:2])
    assert ours[2] == pytest.approx(theirs[2])
    towards = facing if name == "front" else np.cross((0.0, 0.0, 1.0), facing)
    assert ours @ towards > 0.9 * np.linalg.norm(ours)
    assert other.up == pytest.approx((0.0, 0.0, 1.0))
