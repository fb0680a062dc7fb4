"""A joint over a motion, against numpy on the posed frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.correspond.load_bodies import load_bodies
from core.files.builtin_files import default_motion
from core.files.motions.load_motion import load_motion
from core.fitting.run import FitRun
from core.inspection.joint_errors import regressed_over_fit_mm, series_figures
from core.model.posing import posed


def test_mean_and_maximum_pass_over_frames_without_a_value() -> None:
    found = series_figures(np.array([np.nan, 2.0, 5.0, np.nan, 5.0], np.float32))
    assert found is not None
    assert (found.mean, found.largest, found.frame) == (4.0, 5.0, 2)
    assert series_figures(np.full(3, np.nan)) is None
    assert series_figures(np.zeros(0)) is None


def test_regressed_joints_of_a_fit_against_the_posed_mesh() -> None:
    motion = load_motion(default_motion()).cut(300, 306)
    bodies = load_bodies()
    run = FitRun(motion, bodies, device="cpu", threads=1)
    for _ in run:
        pass
    result = run.result()
    fitted = result.fitted.copy()
    fitted[2] = False
    result = replace(result, fitted=fitted)
    found = regressed_over_fit_mm(motion, bodies, result, "fit")
    frames = np.flatnonzero(fitted)
    skin, chain = posed(result.as_motion(), bodies.target, frames)
    by_mesh = np.einsum("jv,nvc->njc", bodies.target.J_regressor.astype(float), skin.astype(float))
    expected = 1000 * np.linalg.norm(by_mesh - chain, axis=2)
    np.testing.assert_allclose(found[frames], expected, atol=2e-2)
    assert np.isnan(found[2]).all()
    told: list[int] = []
    source = regressed_over_fit_mm(motion, bodies, result, "source", lambda done, _: told.append(done))
    assert source.shape == (6, bodies.source.num_joints)
    assert np.isfinite(source).all()
    assert told[-1] == 6
