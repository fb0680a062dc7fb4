"""The error of a few vertices over time is the one that the whole skin has there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.fitting.posed_frames import PosedFrames
from core.fitting.run import FitRun
from core.measure.vertex_series import distance_series, vertex_series
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from tests.core.clip_fits import bodies, clip, fit


def far_away_without_frame_4() -> tuple[Motion, BodyPair, FitResult]:
    motion, pair = clip("walk", 0, 6), bodies("built-in")
    motion = replace(motion, trans=motion.trans + np.float32(40.0))
    result = fit(motion, pair)
    fitted = result.fitted.copy()
    fitted[4] = False
    return motion, pair, replace(result, fitted=fitted)


def test_the_series_are_those_of_the_posed_skin() -> None:
    motion, pair, result = far_away_without_frame_4()
    valid = pair.correspondence.valid
    ids = [*np.flatnonzero(valid)[[3, 700, -5]], *np.flatnonzero(~valid)[:1]]
    found = vertex_series(motion, pair, result, ids)
    frames = PosedFrames(motion, pair, result)
    for frame in (0, 3, 5):
        assert np.allclose(found[frame], frames.frame(frame).error_mm[ids], atol=0.02, equal_nan=True)
    assert np.isnan(found[4]).all()
    assert found.shape == (6, len(ids))


def test_distances_are_those_of_the_posed_skins() -> None:
    motion, pair, result = far_away_without_frame_4()
    frames = PosedFrames(motion, pair, result)
    for ends in (
        (("source", 10), ("source", 5000)),
        (("fit", 10), ("fit", 9000)),
        (("source", 10), ("fit", 9000)),
    ):
        found = distance_series(motion, pair, result, ends)
        assert found.shape == (6,)
        for frame in (0, 3, 5):
            picture = frames.frame(frame)
            skins = {"source": picture.source_vertices, "fit": picture.fit_vertices}
            first, second = (skins[body][vertex].astype(float) for body, vertex in ends)
            assert found[frame] == pytest.approx(1000 * np.linalg.norm(first - second), abs=0.02)
        assert np.isnan(found[4]) == any(body == "fit" for body, _ in ends)
    assert np.isnan(distance_series(motion, pair, None, (("source", 10), ("fit", 9000)))).all()
    assert np.isfinite(distance_series(motion, pair, None, (("source", 10), ("source", 50)))).all()


def test_it_ends_when_it_is_told_to() -> None:
    motion, pair = clip("walk"), bodies("built-in")
    unfitted = FitRun(motion, pair, device="cpu", threads=1).result()

    def enough(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vertex_series(motion, pair, unfitted, [5], enough)
