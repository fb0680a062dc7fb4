"""How far two fits of a motion are apart, from vertex to vertex."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import RefitError
from core.measure.fit_distance import fit_distance, vertex_distance_mm
from core.model.fit_result import FitResult
from core.model.posing import posed
from tests.core.clip_fits import fitted_clip

FRAMES = 40


def turned(result: FitResult, joint: int, radians: float) -> FitResult:
    """A joint turned further in every frame, from not at all to all of it."""
    poses = result.poses.copy()
    poses[:, joint, 2] += np.linspace(0, radians, len(poses), dtype=np.float32)
    return replace(result, poses=poses)


@pytest.mark.parametrize("variant", ["built-in", "dense correctives"])
def test_figures_are_those_of_the_posed_skins(variant: str) -> None:
    _, bodies, fit = fitted_clip("walk", 0, FRAMES, variant)
    other = turned(fit, bodies.target.joint_names.index("left_shoulder"), 0.4)
    found = fit_distance(bodies.target, fit, other)
    skins = [posed(one.as_motion(), bodies.target, slice(None))[0] for one in (fit, other)]
    apart = np.stack([vertex_distance_mm(*frame) for frame in zip(*skins, strict=True)])
    assert found.mean_mm == pytest.approx(apart.mean(1), abs=2e-3)
    assert found.max_mm == pytest.approx(apart.max(1), abs=2e-2)
    rank = int(np.ceil(0.95 * apart.shape[1])) - 1
    assert found.p95_mm == pytest.approx(np.sort(apart, axis=1)[:, rank], abs=2e-2)
    assert found.mean_mm[0] == 0
    assert found.largest == int(apart.mean(1).argmax()) > FRAMES // 2
    assert found.summary() == {
        "frames": FRAMES,
        "mean": pytest.approx(apart.mean(), rel=1e-3),
        "p95": pytest.approx(found.p95_mm.mean(), rel=1e-6),
        "max": pytest.approx(apart.max(), rel=1e-3),
    }
    # It is the same seen from either.
    back = fit_distance(bodies.target, other, fit)
    assert back.mean_mm == pytest.approx(found.mean_mm, abs=2e-3)


def test_bodies_far_from_the_origin_keep_their_digits() -> None:
    _, bodies, fit = fitted_clip("walk", 0, FRAMES)
    other, far = turned(fit, 16, 0.4), np.float32([5000, -9000, 0])
    near = fit_distance(bodies.target, fit, other)
    moved = [replace(one, transl=one.transl + far) for one in (fit, other)]
    found = fit_distance(bodies.target, *moved)
    assert found.max_mm == pytest.approx(near.max_mm, abs=0.02)
    assert found.part_mm == pytest.approx(near.part_mm, abs=0.02)


def test_frames_that_one_of_them_lacks_have_no_figures() -> None:
    _, bodies, fit = fitted_clip("walk", 0, FRAMES)
    fitted, poses = fit.fitted.copy(), fit.poses.copy()
    fitted[5] = False
    poses[9] = np.nan
    told: list[tuple[int, int]] = []
    found = fit_distance(
        bodies.target,
        replace(fit, fitted=fitted),
        replace(fit, poses=poses),
        lambda done, total: told.append((done, total)),
    )
    assert np.flatnonzero(~found.known).tolist() == [5, 9]
    assert found.summary()["frames"] == FRAMES - 2
    assert told[-1] == (FRAMES - 2, FRAMES - 2)
    assert found.largest is None, "the same fit is nowhere apart"
    nothing = fit_distance(bodies.target, replace(fit, fitted=np.zeros(FRAMES, bool)), fit)
    assert nothing.summary()["frames"] == 0
    assert np.isnan(nothing.summary()["max"])
    assert nothing.largest is None


def test_fits_of_other_bodies_or_lengths_are_refused_in_a_sentence() -> None:
    _, bodies, fit = fitted_clip("walk", 0, FRAMES)
    with pytest.raises(RefitError, match="A fit of SMPL-H shares no vertices with one of SMPL-X"):
        fit_distance(bodies.target, fit, replace(fit, family="smplh"))
    with pytest.raises(RefitError, match="One fit has 40 frames, the other 39"):
        fit_distance(bodies.target, fit, fit.take(np.arange(39)))
