"""The error of a few vertices over time is the one that the whole skin has there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.bodies import bodies_for, builtin_motions
from core.files.motions import load_motion
from core.fitting.run import FitRun
from core.posed import PosedFrames
from core.vertex_series import vertex_series


def test_the_series_are_those_of_the_posed_skin() -> None:
    motion = load_motion(next(path for path in builtin_motions() if path.name == "walk_poses.npz"))
    motion = replace(motion, poses=motion.poses[:6], trans=motion.trans[:6] + np.float32(40.0))
    bodies = bodies_for(motion, None)
    run = FitRun(motion, bodies, device="cpu", threads=1)
    for _ in run:
        pass
    result = run.result()
    fitted = result.fitted.copy()
    fitted[4] = False
    result = replace(result, fitted=fitted)
    valid = bodies.correspondence.valid
    ids = [*np.flatnonzero(valid)[[3, 700, -5]], *np.flatnonzero(~valid)[:1]]
    found = vertex_series(motion, bodies, result, ids)
    frames = PosedFrames(motion, bodies, result)
    for frame in (0, 3, 5):
        assert np.allclose(found[frame], frames.frame(frame).error_mm[ids], atol=0.02, equal_nan=True)
    assert np.isnan(found[4]).all()
    assert found.shape == (6, len(ids))


def test_it_ends_when_it_is_told_to() -> None:
    motion = load_motion(next(path for path in builtin_motions() if path.name == "walk_poses.npz"))
    bodies = bodies_for(motion, None)
    result = _unfitted(motion, bodies)

    def enough(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vertex_series(motion, bodies, result, [5], enough)


def _unfitted(motion, bodies):
    return FitRun(motion, bodies, device="cpu", threads=1).result()
