"""Looking back from the fit: its surface in the source's topology, SMPL's 24 joints, and the way back."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from core.correspond.load_bodies import bodies_for, load_bodies, reversed_bodies
from core.errors import RefitError
from core.files.bodies.models import smpl_from_smplh
from core.files.builtin_files import default_motion
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.measure.map_back import SMPL_JOINTS, InverseCheck, check_inverse
from core.model.body import CHUNK_FRAMES
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.posing import posed
from tests.variants import NAMES, body_pair

FEW = FitSettings(shape_frames=4)


def fit(motion: Motion, pair: BodyPair) -> FitResult:
    run = FitRun(motion, pair, FEW, device="cpu", threads=1)
    for _ in run:
        pass
    return run.result()


def as_result(motion: Motion, fitted: np.ndarray | None = None) -> FitResult:
    """A fit that holds just this motion."""
    frames = len(motion)
    errors = np.zeros(frames, np.float32)
    return FitResult(
        family=motion.family,
        gender="neutral",
        poses=motion.poses,
        transl=motion.trans,
        betas=motion.betas,
        expression=np.zeros((frames, 0), np.float32) if motion.expression is None else motion.expression,
        frame_rate=None,
        up_axis="z",
        source_name="",
        fitted=np.ones(frames, bool) if fitted is None else fitted,
        converged=np.ones(frames, bool),
        mean_mm=errors,
        median_mm=errors,
        p95_mm=errors,
        max_mm=errors,
        part_mm=np.zeros((frames, len(PARTS)), np.float32),
    )


@pytest.fixture(scope="module")
def motion() -> Motion:
    return load_motion(default_motion()).cut(300, 304)


@pytest.fixture(scope="module")
def pair() -> BodyPair:
    return load_bodies()


@pytest.fixture(scope="module")
def result(motion: Motion, pair: BodyPair) -> FitResult:
    return fit(motion, pair)


def test_the_surface_comes_back_in_the_sources_topology(
    motion: Motion, pair: BodyPair, result: FitResult
) -> None:
    source, _ = posed(motion, pair.source, slice(None))
    target, _ = posed(result.as_motion(), pair.target, slice(None))
    inverse = load_bodies(source="smplx", target="smplh").correspondence
    expected = np.stack([inverse.matrix @ frame for frame in target])
    error = 1000 * np.linalg.norm(expected - source, axis=2)
    surface = check_inverse(motion, pair, result).surface
    np.testing.assert_allclose(surface.mean, error.mean(1), atol=5e-3)
    np.testing.assert_allclose(surface.max, error.max(1), atol=2e-2)
    assert surface.mean.mean() < 2.5
    hands = pair.source.vertex_part == PARTS.index("hands")
    np.testing.assert_allclose(surface.part[:, PARTS.index("hands")], error[:, hands].mean(1), atol=5e-3)


def test_24_joints_from_smplx_parameters(motion: Motion, pair: BodyPair, result: FitResult) -> None:
    smpl = smpl_from_smplh(pair.source)
    source, own = posed(motion, pair.source, slice(None))
    target, _ = posed(result.as_motion(), pair.target, slice(None))
    inverse = load_bodies(source="smplx", target="smplh").correspondence
    back = np.stack([inverse.matrix @ frame for frame in target])
    expected = np.einsum("jv,nvc->njc", smpl.J_regressor.astype(np.float64), back)
    same = np.einsum("jv,nvc->njc", smpl.J_regressor.astype(np.float64), source)
    names = list(pair.source.joint_names)
    ids = [*range(22), names.index("left_middle1"), names.index("right_middle1")]

    joints = check_inverse(motion, pair, result).joints
    np.testing.assert_allclose(joints.joints, expected, atol=1e-5)
    error = 1000 * np.linalg.norm(expected - own[:, ids], axis=2)
    np.testing.assert_allclose(joints.error_mm, error, atol=1e-2)
    alike = 1000 * np.linalg.norm(expected - same, axis=2)
    np.testing.assert_allclose(joints.regressed_error_mm, alike, atol=1e-2)

    by_joint, summary = joints.by_joint(), joints.summary()
    assert tuple(by_joint) == SMPL_JOINTS
    assert by_joint["left_knee"] == pytest.approx(error[:, SMPL_JOINTS.index("left_knee")].mean(), abs=1e-2)
    assert summary["mean"] == pytest.approx(error.mean(), abs=1e-2)
    assert summary["max"] == pytest.approx(error.max(), abs=1e-2)
    assert summary["regressed_mean"] < 2
    assert summary["mean"] < 5


def test_the_same_motion_in_smpl_and_smplh_has_no_error(pair: BodyPair) -> None:
    """With flat fingers and without their correctives the two are one surface."""
    bare = pair.source.posedirs.copy()
    bare[:, :, 9 * 21 :] = 0
    smplh = replace(pair.source, posedirs=bare)
    smpl = smpl_from_smplh(smplh)
    rng = np.random.default_rng(0)
    poses = np.zeros((3, 52, 3), np.float32)
    poses[:, :22] = rng.normal(scale=0.3, size=(3, 22, 3))
    source = Motion(
        "smplh", poses, np.float32(400) + np.zeros((3, 3), np.float32), np.array([1, -1], np.float32)
    )
    same = replace(source, family="smpl", poses=poses[:, :24].copy())
    one = Correspondence.identity(smplh.num_vertices)
    found = check_inverse(
        source, replace(pair, source=smplh, target=smpl, correspondence=one), as_result(same)
    )
    assert found.surface.max.max() < 2e-3
    assert found.joints.regressed_error_mm.max() < 1e-3
    # A regressor on a posed surface only approximates the chain's joints, but not at rest.
    rest = replace(source, poses=np.zeros_like(poses))
    found = check_inverse(
        rest,
        replace(pair, source=smplh, target=smpl, correspondence=one),
        as_result(replace(rest, family="smpl", poses=poses[:, :24] * 0)),
    )
    assert found.joints.error_mm.max() < 2e-3


def test_a_moved_fit_is_off_by_as_much(motion: Motion, pair: BodyPair, result: FitResult) -> None:
    still = check_inverse(motion, pair, result)
    moved = check_inverse(
        motion, pair, replace(result, transl=result.transl + np.array([0, 0, 0.5], np.float32))
    )
    assert np.abs(moved.surface.mean - 500).max() < 10
    assert np.abs(moved.joints.regressed_error_mm - 500).max() < 15
    assert np.abs(moved.joints.joints - still.joints.joints - np.array([0, 0, 0.5], np.float32)).max() < 1e-5


def test_far_from_the_origin_nothing_changes(motion: Motion, pair: BodyPair, result: FitResult) -> None:
    away = np.array([512, -1024, 8], np.float32)
    near = check_inverse(motion, pair, result)
    far = check_inverse(
        replace(motion, trans=motion.trans + away), pair, replace(result, transl=result.transl + away)
    )
    np.testing.assert_allclose(far.surface.mean, near.surface.mean, atol=0.1)
    np.testing.assert_allclose(far.joints.error_mm, near.joints.error_mm, atol=0.2)


def test_frames_without_a_fit_have_no_figures(motion: Motion, pair: BodyPair, result: FitResult) -> None:
    some = replace(result, fitted=np.array([True, False, True, False]))
    check, whole = check_inverse(motion, pair, some), check_inverse(motion, pair, result)
    np.testing.assert_array_equal(np.isnan(check.surface.mean), ~some.fitted)
    np.testing.assert_array_equal(np.isnan(check.joints.error_mm).any(1), ~some.fitted)
    np.testing.assert_allclose(check.surface.mean[[0, 2]], whole.surface.mean[[0, 2]], atol=1e-4)
    nothing = check_inverse(motion, pair, replace(result, fitted=np.zeros(4, bool)))
    figures = [*nothing.surface_summary().values(), *nothing.joints.summary().values()]
    assert np.isnan(figures).all()
    assert np.isnan(list(nothing.joints.by_joint().values())).all()


def test_vertices_without_counterpart_leave_their_weight_to_the_others(
    motion: Motion, pair: BodyPair, result: FitResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An inverse correspondence with a hole in a joint's ring still gives the joint its place."""
    back = reversed_bodies(pair)
    knee = smpl_from_smplh(pair.source).J_regressor[SMPL_JOINTS.index("left_knee")]
    ring = np.flatnonzero(knee)
    keep = np.ones(pair.source.num_vertices)
    keep[ring[0]] = 0
    holed = sparse.csr_matrix(sparse.diags(keep) @ back.correspondence.matrix, dtype=np.float32)
    holed.eliminate_zeros()
    hole = Correspondence(holed, np.ones(len(keep), bool))
    joint = SMPL_JOINTS.index("left_knee")
    whole = check_inverse(motion, pair, result)
    holes = replace(back, correspondence=hole)
    monkeypatch.setattr("core.measure.map_back.reversed_bodies", lambda _, build: holes)
    found = check_inverse(motion, pair, result)
    shift = 1000 * np.linalg.norm(found.joints.joints - whole.joints.joints, axis=2)
    assert 0 < shift[:, joint].max() < 20
    assert np.delete(shift, joint, 1).max() < 1e-2
    # The missing vertex lies at the origin and must not count.
    assert np.isfinite(found.surface.max).all()
    assert found.surface.max.max() < whole.surface.max.max() + 1


@pytest.mark.parametrize(("source", "target"), [("smplx", "smplh"), ("smplx", "smpl"), ("smpl", "smplx")])
def test_other_directions(motion: Motion, source: str, target: str) -> None:
    joints = {"smpl": 24, "smplx": 55}[source]
    poses = np.zeros((4, joints, 3), np.float32)
    poses[:, :22] = motion.poses[:, :22]
    expression = np.full((4, 14), 0.2, np.float32) if source == "smplx" else None
    start = replace(motion, family=source, poses=poses, betas=motion.betas[:10], expression=expression)
    pair = bodies_for(start, target=target)
    found = fit(replace(start, expression=None if expression is None else expression[:, :10]), pair)
    check = check_inverse(start, pair, found)
    assert check.surface_summary()["mean"] < 5
    assert check.surface_summary()["max"] < 60
    assert check.joints.summary()["mean"] < 8
    assert check.joints.summary()["regressed_mean"] < 5
    # The regressor's joints of the fit lie where those of the source's own chain do.
    body = [SMPL_JOINTS.index(name) for name in ("left_knee", "right_elbow", "left_ankle", "neck")]
    assert check.joints.error_mm[:, body].max() < 15


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if "dense" in name else ()) for name in NAMES]
)
def test_there_and_back(motion: Motion, result: FitResult, name: str) -> None:
    pair = body_pair(name)
    there = result if name == NAMES[0] else fit(motion, pair)
    back = fit(there.as_motion(), reversed_bodies(pair))
    assert back.family == "smplh"
    assert back.fitted.all()
    source, _ = posed(motion, pair.source, slice(None))
    again, _ = posed(back.as_motion(), pair.source, slice(None))
    error = 1000 * np.linalg.norm(again - source, axis=2)
    assert error.mean(1).max() < 2
    assert error.max() < 12


def test_memory_does_not_grow_with_the_frames(motion: Motion, pair: BodyPair, result: FitResult) -> None:
    """Chunks come one after another, and nothing of a surface is kept."""

    def repeated(chunks: int) -> tuple[Motion, FitResult]:
        times = CHUNK_FRAMES * chunks // len(motion)
        moves = [
            replace(
                m,
                poses=np.concatenate([m.poses] * times),
                trans=np.concatenate([m.trans] * times),
                expression=None if m.expression is None else np.concatenate([m.expression] * times),
            )
            for m in (motion, result.as_motion())
        ]
        return moves[0], as_result(moves[1])

    def most_memory(chunks: int) -> tuple[int, InverseCheck]:
        long, fitted = repeated(chunks)
        tracemalloc.start()
        check = check_inverse(long, pair, fitted)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, check

    little, _ = most_memory(2)
    much, check = most_memory(6)
    one_chunk = CHUNK_FRAMES * pair.source.num_vertices * 4
    assert much < little + one_chunk
    short = check_inverse(motion, pair, result)
    np.testing.assert_allclose(check.surface.mean[-4:], short.surface.mean, atol=1e-3)
    np.testing.assert_allclose(check.joints.error_mm[-4:], short.joints.error_mm, atol=1e-2)


def test_what_does_not_belong_together_is_refused(motion: Motion, pair: BodyPair, result: FitResult) -> None:
    with pytest.raises(RefitError, match=r"The fit has 4 frames and .* 3"):
        check_inverse(motion.cut(0, 3), pair, result)
    with pytest.raises(RefitError, match="The fit is in SMPL-X, but its body is SMPL-H"):
        check_inverse(motion, load_bodies(source="smplh", target="smplh"), result)
    with pytest.raises(RefitError, match="The motion is in SMPL-H, but its body is SMPL"):
        check_inverse(motion, load_bodies(source="smpl"), result)
    both = load_bodies(source="smplx", target="smplx")
    with pytest.raises(RefitError, match="need a body in SMPL or SMPL-H"):
        check_inverse(result.as_motion(), both, result)
