"""Parameters changed by hand: only what was changed changes, and it is measured like any other fit."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from core.errors import RefitError
from core.files.containers.npz import npz_headers
from core.fitting.combine_fits import merged
from core.fitting.posed_frames import PosedFrames
from core.fitting.run import FitRun
from core.measure.measure_motion import measure_motion
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.frame_parameters import ParameterChange, frame_parameters, source_joints, source_parameters
from core.model.joint_angles import joint_angles
from core.model.motion import Motion
from core.outputs.describe import describe_file
from core.outputs.results import load_result, save_result
from core.problems.detect import find_problems
from core.problems.edited import edited
from core.problems.rules import ProblemKind
from tests.core.clip_fits import fitted_clip

FRAME = 5
ELBOW = 18


@pytest.fixture
def fit() -> tuple[Motion, BodyPair, FitResult]:
    return fitted_clip("walk", 100, 112)


def bent(result: FitResult, by: float = 0.5) -> ParameterChange:
    return ParameterChange(rotations={ELBOW: result.poses[FRAME, ELBOW] + np.float32(by)})


def arrays(result: FitResult) -> dict[str, np.ndarray]:
    found = {item.name: getattr(result, item.name) for item in fields(FitResult)}
    return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}


def assert_measured(motion: Motion, bodies: BodyPair, result: FitResult) -> None:
    metrics = measure_motion(motion, bodies, result)
    np.testing.assert_allclose(result.mean_mm, metrics.mean_mm, rtol=1e-3)
    np.testing.assert_allclose(result.max_mm, metrics.max_mm, rtol=1e-3)
    np.testing.assert_allclose(result.part_mm, metrics.part_mm, rtol=2e-3)
    assert (result.median_mm <= result.p95_mm).all()
    assert (result.p95_mm <= result.max_mm).all()


def test_an_edit_of_a_joint_changes_its_frame_only(fit: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, bodies, result = fit
    before = {name: value.copy() for name, value in arrays(result).items()}
    new = edited(motion, bodies, result, FRAME, bent(result))
    others = np.arange(len(result)) != FRAME
    for name, value in arrays(new).items():
        np.testing.assert_array_equal(getattr(result, name), before[name], name)
        if name != "betas":
            np.testing.assert_array_equal(value[others], before[name][others], name)
    assert np.flatnonzero(new.edited).tolist() == [FRAME]
    assert not new.converged[FRAME]
    assert np.isfinite(result.left_degrees).all()
    assert np.isnan(new.left_degrees[FRAME])
    assert new.left_joint[FRAME] == -1
    assert new.fitted.all()
    assert new.mean_mm[FRAME] > result.mean_mm[FRAME] + 1
    moved = np.flatnonzero((new.poses[FRAME] != result.poses[FRAME]).any(1))
    assert moved.tolist() == [ELBOW]
    assert new.transl is result.transl
    assert new.poses is not result.poses
    assert_measured(motion, bodies, new)


def test_setting_everything_back_gives_the_fit_as_it_was(fit: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, bodies, result = fit
    there = edited(motion, bodies, result, FRAME, bent(result), result)
    back = edited(motion, bodies, there, FRAME, bent(result, 0.0), result)
    for name, value in arrays(back).items():
        np.testing.assert_array_equal(value, getattr(result, name), name)
    # Without the fit to compare with it stays what it is: set by hand.
    assert edited(motion, bodies, there, FRAME, bent(result, 0.0)).edited[FRAME]


def test_the_sources_rotation_is_taken_over_exactly(fit: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, bodies, result = fit
    joints = source_joints(bodies)
    source = source_parameters(motion, FRAME)
    new = edited(
        motion, bodies, result, FRAME, ParameterChange(rotations={ELBOW: source.pose[joints[ELBOW]]})
    )
    np.testing.assert_array_equal(new.poses[FRAME, ELBOW], motion.poses[FRAME, joints[ELBOW]])
    before = joint_angles(source.pose, result.poses[FRAME], joints)
    after = joint_angles(source.pose, new.poses[FRAME], joints)
    assert before.apart[ELBOW] > 0.1
    assert after.apart[ELBOW] < 1e-3
    assert after.fit[ELBOW] == pytest.approx(before.source[ELBOW], abs=1e-4)
    jaw = bodies.target.joint_names.index("jaw")
    assert joints[jaw] == -1
    assert np.isnan(after.apart[jaw])
    assert np.isnan(after.source[jaw])
    assert np.isfinite(after.fit).all()
    unknown = frame_parameters(result, FRAME).unknown()
    nothing = joint_angles(source.pose, unknown.pose, joints)
    assert np.isnan(nothing.fit).all()
    np.testing.assert_array_equal(nothing.source, after.source)


@pytest.mark.parametrize("what", ["transl", "expression"])
def test_translation_and_expression_are_of_one_frame(
    fit: tuple[Motion, BodyPair, FitResult], what: str
) -> None:
    motion, bodies, result = fit
    # Files may hold fewer coefficients than the body has.
    result = replace(result, expression=result.expression[:, :2])
    value = result.transl[FRAME] + (0, 0, 0.02) if what == "transl" else np.array([0, 0.5, 0, 2])
    new = edited(motion, bodies, result, FRAME, ParameterChange(**{what: value}))
    np.testing.assert_array_equal(getattr(new, what)[FRAME], value.astype(np.float32))
    assert np.flatnonzero(new.edited).tolist() == [FRAME]
    assert new.mean_mm[FRAME] != result.mean_mm[FRAME]
    assert_measured(motion, bodies, new)


def test_a_shared_shape_changes_all_frames(fit: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, bodies, result = fit
    betas = result.betas + np.float32(0.3)
    told: list[tuple[int, int]] = []
    new = edited(
        motion, bodies, result, FRAME, ParameterChange(betas=betas), result, lambda *done: told.append(done)
    )
    assert new.edited.all()
    assert not new.converged.any()
    assert told == [(len(result), len(result))]
    np.testing.assert_array_equal(new.betas, betas)
    np.testing.assert_array_equal(new.poses, result.poses)
    assert_measured(motion, bodies, new)
    back = edited(motion, bodies, new, FRAME, ParameterChange(betas=result.betas), result)
    np.testing.assert_array_equal(back.p95_mm, result.p95_mm)
    assert not back.edited.any()


def test_a_shape_of_a_frames_own_changes_that_frame(fit: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, bodies, result = fit
    result = replace(result, frame_betas=np.repeat(result.betas[None], len(result), 0))
    betas = result.betas + np.float32(0.3)
    new = edited(motion, bodies, result, FRAME, ParameterChange(betas=betas), result)
    assert np.flatnonzero(new.edited).tolist() == [FRAME]
    assert new.frame_betas is not None
    np.testing.assert_array_equal(new.frame_betas[FRAME], betas)
    np.testing.assert_allclose(new.betas, new.frame_betas.mean(0))
    assert_measured(motion, bodies, new)


def test_frames_without_a_fit_cannot_be_edited(fit: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, bodies, result = fit
    partial = replace(result, fitted=np.arange(len(result)) != FRAME)
    with pytest.raises(RefitError, match="Frame 5 is not fitted"):
        edited(motion, bodies, partial, FRAME, bent(result))
    new = edited(motion, bodies, partial, 0, ParameterChange(betas=result.betas + np.float32(0.1)))
    assert np.flatnonzero(~new.edited).tolist() == [FRAME]


def test_the_mark_is_kept_in_files(fit: tuple[Motion, BodyPair, FitResult], tmp_path) -> None:
    motion, bodies, result = fit
    new = edited(motion, bodies, result, FRAME, bent(result))
    save_result(tmp_path / "edited.npz", new)
    save_result(tmp_path / "plain.npz", result)
    read = load_result(tmp_path / "edited.npz")
    for name, value in arrays(new).items():
        np.testing.assert_array_equal(getattr(read, name), value, name)
    assert ("Edited by hand", "1 frame") in describe_file(tmp_path / "edited.npz")
    assert "refit_edited" not in npz_headers(tmp_path / "plain.npz")
    assert not load_result(tmp_path / "plain.npz").edited.any()


def test_a_fit_of_the_frame_takes_the_mark_away(fit: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, bodies, result = fit
    new = edited(motion, bodies, result, FRAME, bent(result))
    new = edited(motion, bodies, new, FRAME + 1, ParameterChange(transl=result.transl[FRAME]))
    run = FitRun(motion, bodies, frames=np.array([FRAME]), start=new, device="cpu", threads=1)
    for _ in run:
        pass
    again = run.result()
    assert np.flatnonzero(again.edited).tolist() == [FRAME + 1]
    assert again.mean_mm[FRAME] == pytest.approx(result.mean_mm[FRAME], abs=0.02)
    both = merged(new, result, np.array([FRAME]))
    assert both is not None
    assert np.flatnonzero(both.edited).tolist() == [FRAME + 1]


def test_edited_frames_are_no_frames_that_failed(fit: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, bodies, result = fit
    new = edited(
        motion, bodies, result, FRAME, ParameterChange(transl=result.transl[FRAME] + np.float32(1e-4))
    )
    problems = find_problems(measure_motion(motion, bodies, new))
    assert ProblemKind.NOT_CONVERGED not in {problem.kind for problem in problems}


def test_a_change_is_shown_before_it_is_made(fit: tuple[Motion, BodyPair, FitResult]) -> None:
    motion, bodies, result = fit
    posed = PosedFrames(motion, bodies, result)
    as_it_is, beside = posed.frame(FRAME), posed.frame(FRAME + 1)
    change = bent(result)
    posed.try_out(change, FRAME)
    shown = posed.frame(FRAME)
    assert posed.frame(FRAME + 1).fit_vertices is not None
    np.testing.assert_array_equal(posed.frame(FRAME + 1).fit_vertices, beside.fit_vertices)
    new = edited(motion, bodies, result, FRAME, change)
    assert shown.mean_mm == pytest.approx(float(new.mean_mm[FRAME]), rel=1e-3)
    posed.set_result(new, np.array([FRAME]))
    made = posed.frame(FRAME)
    np.testing.assert_allclose(shown.fit_vertices, made.fit_vertices, atol=1e-5)
    posed.set_result(result, np.array([FRAME]))
    np.testing.assert_array_equal(posed.frame(FRAME).fit_vertices, as_it_is.fit_vertices)
    posed.try_out(ParameterChange(betas=result.betas + np.float32(1)), None)
    assert posed.frame(FRAME + 1).mean_mm > beside.mean_mm
    posed.try_out(None)
    np.testing.assert_array_equal(posed.frame(FRAME + 1).fit_vertices, beside.fit_vertices)


def test_parameters_are_compared_to_the_last_digit(fit: tuple[Motion, BodyPair, FitResult]) -> None:
    result = fit[2]
    one = frame_parameters(result, FRAME)
    assert one.equals(one.with_change(ParameterChange(expression=np.zeros(3))))
    assert not one.equals(one.with_change(bent(result, 1e-6)))
