"""Every figure that a fit tells is what its file gives: read by numpy alone, posed by the `smplx` package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.commands.cli import main
from core.correspond.load_bodies import load_bodies
from core.errors import RefitError
from core.files.builtin_files import default_motion
from core.files.containers.pickles import read_pickle
from core.files.motions.load_motion import load_motion
from core.fitting.combine_fits import merged
from core.fitting.recipe.recipe import PRESETS, Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.reference import published
from core.fitting.reference.smplx_layer import SmplxLayer
from core.fitting.run import FitRun
from core.measure.frame_errors import swapped
from core.model.body import BodyModel
from core.model.body_pair import BodyPair, within
from core.model.fit_result import FitResult
from core.model.frame_parameters import ParameterChange
from core.model.joints import JOINT_NAMES, PARTS
from core.model.motion import Motion, motion_of_meshes
from core.model.posing import posed
from core.model.resample import resampled
from core.outputs.published_pickle import write_frames, write_merged
from core.outputs.results import load_result, save_result
from core.outputs.sessions import load_session, save_session
from core.problems.blend_frames import joined
from core.problems.edited import edited
from core.session.session import Session, SessionStep, SourceFile
from tests.variants import MANY_BETAS, NAMES, body_pair

MICROMETRES = 4
FAMILIES = ("smpl", "smplh", "smplx")
SHAPES = ("shared", "per-frame", "fixed")
EXPRESSIONS = ("off", "shared", "per-frame")
OWN = FitSettings(shape="per-frame", expression="per-frame", iterations=6)


# Another program


@lru_cache(maxsize=8)
def layer(body: BodyModel) -> SmplxLayer:
    """The package's own, float64."""
    return SmplxLayer(body)


def skin(body: BodyModel, poses: np.ndarray, betas: np.ndarray, expression: Any) -> Any:
    """(n, V, 3) metres, less the translation, which would cost digits."""

    def numbers(values: np.ndarray, count: int) -> torch.Tensor:
        values = np.broadcast_to(values, (len(poses), values.shape[-1])).astype(np.float64)
        assert not values[:, count:].any()
        return torch.as_tensor(np.pad(values[:, :count], ((0, 0), (0, max(0, count - values.shape[1])))))

    turned = Rotation.from_rotvec(poses.reshape(-1, 3).astype(np.float64)).as_matrix()
    rotations = torch.as_tensor(turned.reshape(len(poses), -1, 3, 3))
    face = None if expression is None else numbers(expression, body.num_expression)
    with torch.no_grad():
        found, _ = layer(body)(rotations, numbers(betas, body.num_betas), torch.zeros(len(poses), 3), face)
    return found.numpy()


def target_points(motion: Motion, pair: BodyPair, frames: np.ndarray) -> np.ndarray:
    """(n, V, 3) where the target's vertices should be, less the source's trans."""
    if motion.vertices is not None:
        source = motion.vertices[frames].astype(np.float64) - motion.trans[frames, None]
    else:
        expression = None if motion.expression is None else motion.expression[frames]
        source = skin(pair.source, motion.poses[frames], motion.betas_of(frames), expression)
    matrix = pair.correspondence.matrix.astype(np.float64)
    return np.stack([matrix @ one for one in source])


def distances(pair: BodyPair, motion: Motion, frames: np.ndarray, arrays: dict[str, np.ndarray]) -> Any:
    """(n, valid V) mm of the frames of a file in AMASS's keys, which are ``frames`` of the motion."""
    body = pair.target
    poses = arrays["poses"].reshape(len(arrays["poses"]), -1, 3)
    assert poses.shape[1] == len(JOINT_NAMES[body.family])
    betas = next(arrays[key] for key in ("refit_frame_betas", "refit_betas", "betas") if key in arrays)
    found = skin(body, poses, betas, arrays.get("expression"))
    beside = arrays["trans"].astype(np.float64) - motion.trans[frames]
    off = found + beside[:, None] - target_points(motion, pair, frames)
    return 1000 * np.linalg.norm(off[:, pair.correspondence.valid], axis=2)


def check_file(path: Path, motion: Motion, pair: BodyPair, frames: np.ndarray | None = None) -> None:
    """The file gives what is told, in it and by the result that is read from it."""
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    done = arrays["refit_fitted"]
    told = {key: arrays[f"refit_{key}_mm"][done] for key in ("mean", "median", "p95", "max", "part")}
    assert done.any()
    for key in ("poses", "trans", "expression", "refit_frame_betas"):
        if key in arrays:
            arrays[key] = arrays[key][done]
    ids = np.arange(len(done)) if frames is None else frames
    found = np.sort(mm := distances(pair, motion, ids[done], arrays), axis=1)
    count, part = mm.shape[1], pair.target.vertex_part[pair.correspondence.valid]
    given = {
        "mean": mm.mean(1),
        "median": found[:, (count + 1) // 2 - 1],
        "p95": found[:, int(np.ceil(0.95 * count)) - 1],
        "max": mm.max(1),
        "part": np.stack(
            [mm.mean(1, where=part == index) for index in range(len(PARTS)) if (part == index).any()], 1
        ),
    }
    assert np.isnan(told["part"]).any(0).tolist() == [
        not (part == index).any() for index in range(len(PARTS))
    ]
    told["part"] = told["part"][:, ~np.isnan(told["part"]).any(0)]
    for key, values in given.items():
        np.testing.assert_allclose(told[key], values, rtol=1e-5, atol=MICROMETRES / 1000, err_msg=key)
    summary = load_result(path).summary()
    assert summary["frames"] == done.sum()
    assert summary["mean"] == pytest.approx(given["mean"].mean(), abs=MICROMETRES / 1000)
    assert summary["max"] == pytest.approx(given["max"].max(), abs=MICROMETRES / 1000)


def check(result: FitResult, motion: Motion, pair: BodyPair, folder: Path) -> None:
    """The same of a result that is saved."""
    path = folder / f"{len(list(folder.iterdir()))}.npz"
    save_result(path, result)
    check_file(path, motion, pair)


# What is fitted


@lru_cache(maxsize=4)
def clip(frames: int = 3, first: int = 120) -> Motion:
    """A few frames of the default motion, of a person who is not average."""
    motion = load_motion(default_motion()).cut(first, first + frames)
    betas = np.random.default_rng(2).normal(scale=0.8, size=16).astype(np.float32)
    return replace(motion, betas=betas)


@lru_cache(maxsize=16)
def source_of(family: str, frames: int = 2) -> Motion:
    """The clip in a family; in SMPL-X with a face that moves."""
    original, rng = clip(frames), np.random.default_rng(1)
    poses = np.zeros((frames, len(JOINT_NAMES[family]), 3), np.float32)
    for joint, name in enumerate(JOINT_NAMES[family]):
        if name in JOINT_NAMES["smplh"]:
            poses[:, joint] = original.poses[:, JOINT_NAMES["smplh"].index(name)]
    expression = None
    if family == "smplx":
        poses[:, JOINT_NAMES["smplx"].index("jaw"), 0] = 0.15
        expression = rng.normal(scale=0.7, size=(frames, 10)).astype(np.float32)
    return replace(original, family=family, poses=poses, expression=expression)


def run(motion: Motion, pair: BodyPair, recipe: Recipe | FitSettings, **more: Any) -> FitResult:
    fitting = FitRun(motion, pair, recipe, device="cpu", threads=1, **more)
    for _ in fitting:
        pass
    return fitting.result()


def few_steps(recipe: Recipe, iterations: int) -> Recipe:
    return replace(recipe, stages=tuple(replace(each, iterations=iterations) for each in recipe.stages))


@pytest.fixture(autouse=True)
def short_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published L-BFGS takes fifty steps a round."""
    monkeypatch.setattr(published, "LBFGS_STEPS", 3)


@pytest.fixture(scope="module")
def shared() -> FitResult:
    return run(clip(), body_pair("built-in"), FitSettings(iterations=6))


@pytest.fixture(scope="module")
def own() -> FitResult:
    return run(clip(), body_pair("built-in"), OWN)


# Runs


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        pytest.param(name, frames, marks=pytest.mark.slow if "published" in name and frames > 1 else ())
        for name, frames in product(PRESETS, (1, 2))
    ],
)
def test_presets(name: str, frames: int, tmp_path: Path) -> None:
    motion, pair, recipe = clip(frames), body_pair("built-in"), PRESETS[name]
    if recipe.method != "gauss-newton":
        recipe = few_steps(recipe, 1)
    check(run(motion, pair, recipe), motion, pair, tmp_path)


MODES = [
    pytest.param(
        shape, face, frames, id=f"{shape}-{face}-{frames}", marks=() if easy else (pytest.mark.slow,)
    )
    for face, shape, frames in product(EXPRESSIONS, SHAPES, (1, 3))
    for easy in [frames == 1 or (shape, face) in (("per-frame", "shared"), ("shared", "per-frame"))]
]


@pytest.mark.parametrize(("shape", "expression", "frames"), MODES)
def test_shapes_and_expressions(shape: str, expression: str, frames: int, tmp_path: Path) -> None:
    motion, pair = clip(frames), body_pair("built-in")
    result = run(motion, pair, replace(OWN, shape=shape, expression=expression))
    assert bool(result.betas.any()) == (shape != "fixed")
    assert bool(result.expression.any()) == (expression != "off")
    assert (result.frame_betas is not None) == (shape == "per-frame" and frames > 1)
    check(result, motion, pair, tmp_path)


@pytest.mark.parametrize(("source", "target"), list(permutations(FAMILIES, 2)))
def test_directions(source: str, target: str, tmp_path: Path) -> None:
    pair = load_bodies(source=source, target=target)
    motion = within(source_of(source), pair.source)
    check(run(motion, pair, FitSettings(iterations=6)), motion, pair, tmp_path)


def test_more_coefficients_than_the_body_has_are_refused(shared: FitResult) -> None:
    pair, many = body_pair("built-in"), np.ones(11, np.float32)
    with pytest.raises(RefitError, match="11 betas, the body has 10"):
        FitRun(clip(), pair, betas=many)
    with pytest.raises(RefitError, match="11 betas, the body has 10"):
        FitRun(clip(), pair, start=replace(shared, betas=many))
    with pytest.raises(RefitError, match="11 betas, the body has 10"):
        edited(clip(), pair, shared, 1, ParameterChange(betas=many))
    with pytest.raises(RefitError, match="11 expression coefficients, the body has 10"):
        edited(clip(), pair, shared, 1, ParameterChange(expression=many))


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if "dense" in n else n for n in NAMES]
)
def test_harder_bodies(name: str, tmp_path: Path) -> None:
    pair = body_pair(name)
    check(run(clip(2), pair, FitSettings(iterations=4)), clip(2), pair, tmp_path)
    check(run(clip(1), pair, OWN), clip(1), pair, tmp_path)


@pytest.mark.parametrize("shape", ["shared", "per-frame"])
def test_many_betas(shape: str, tmp_path: Path) -> None:
    pair, settings = body_pair(MANY_BETAS), FitSettings(iterations=4, shape=shape, num_betas=40)
    result = run(clip(2), pair, settings)
    assert result.betas.shape == (40,)
    assert result.betas[16:].any()
    check(result, clip(2), pair, tmp_path)


RECIPES: dict[str, tuple[FitSettings, ...]] = {
    "own shapes, then one": (OWN, FitSettings(iterations=4)),
    "own shapes, then held": (OWN, FitSettings(iterations=4, shape="fixed")),
    "few betas of their own, then more": (replace(OWN, num_betas=4), OWN),
    "more betas of their own, then few": (OWN, replace(OWN, num_betas=4, num_expression=3)),
    "one shape, then own ones of few betas": (FitSettings(), replace(OWN, num_betas=4)),
    "edges, place, vertices": tuple(
        FitSettings(stage=stage, iterations=4) for stage in ("edge", "translation", "vertex")
    ),
    "smooth": (FitSettings(iterations=4, smoothness=0.3, pose_prior_to="previous"),),
    "joint by joint": (FitSettings(iterations=2, order="chain", expression="shared"),),
    "robust": (FitSettings(iterations=4, robust="huber", robust_by="vertex"),),
    "place held": (FitSettings(iterations=4, free_transl=False, expression="shared"),),
}


@pytest.mark.parametrize("name", RECIPES)
def test_stages(name: str, tmp_path: Path) -> None:
    check(run(clip(), body_pair("built-in"), Recipe(RECIPES[name])), clip(), body_pair("built-in"), tmp_path)


@pytest.mark.parametrize("shape", SHAPES)
def test_chosen_frames(shape: str, tmp_path: Path) -> None:
    pair, betas = body_pair("built-in"), np.linspace(-1, 1, 10, dtype=np.float32)
    settings = FitSettings(shape=shape, iterations=4)
    held = betas if shape == "fixed" else None
    result = run(clip(), pair, settings, frames=np.array([1]), betas=held)
    assert result.fitted.tolist() == [False, True, False]
    check(result, clip(), pair, tmp_path)


AGAIN: dict[str, dict[str, Any]] = {
    "as it was": {},
    "own shape": {"shape": "per-frame"},
    "held": {"shape": "fixed"},
    "own face": {"expression": "per-frame"},
    "other prior": {"shape": "per-frame", "expression": "shared", "shape_prior": 0.1},
}


@pytest.mark.parametrize("origin", ["source", "current"])
@pytest.mark.parametrize("how", AGAIN)
@pytest.mark.parametrize("before", ["shared", "own"])
def test_frames_fitted_again(
    before: str, how: str, origin: str, shared: FitResult, own: FitResult, tmp_path: Path
) -> None:
    pair, earlier = body_pair("built-in"), own if before == "own" else shared
    settings = FitSettings(iterations=3, **AGAIN[how])
    recipe = Recipe((settings,), start=origin)
    result = run(clip(), pair, recipe, frames=np.array([1]), start=earlier)
    kept = np.array([0, 2])
    np.testing.assert_array_equal(result.mean_mm[kept], earlier.mean_mm[kept])
    check(result, clip(), pair, tmp_path)
    if settings.shape == "fixed":
        np.testing.assert_array_equal(result.as_motion().betas_of(kept), earlier.as_motion().betas_of(kept))
        assert (result.frame_betas is None) == (earlier.frame_betas is None)
        if result.frame_betas is not None:
            np.testing.assert_array_equal(result.frame_betas, earlier.frame_betas)


def test_published_on_top_of_other_fits(shared: FitResult, tmp_path: Path) -> None:
    recipe = few_steps(PRESETS["published-l-bfgs"], 1)
    narrow = run(clip(), body_pair("built-in"), replace(OWN, num_betas=5))
    for earlier in (shared, narrow):
        result = run(clip(), body_pair("built-in"), recipe, frames=np.array([2]), start=earlier)
        check(result, clip(), body_pair("built-in"), tmp_path)


# Runs that end early


# Stopped after the last step of the shape, which is known by then to all frames.
TWO_STAGES = Recipe((FitSettings(iterations=2), FitSettings(iterations=2, shape_prior=0.3, pose_prior=0.1)))


@pytest.mark.parametrize("stage", [0, 1])
def test_stopped_between_the_shape_and_the_poses(stage: int, tmp_path: Path) -> None:
    motion, pair = clip(), body_pair("built-in")
    expressive = tuple(replace(each, expression="shared") for each in TWO_STAGES.stages)
    fitting = FitRun(motion, pair, Recipe(expressive), first_frame=1, device="cpu", threads=1)
    for progress in fitting:
        # The second stage goes on from near its end, and needs one.
        if progress.index == stage and progress.stage == "shape" and progress.iteration == 2 - stage:
            fitting.cancel()
    result = fitting.result()
    assert result.partial
    assert result.fitted[1]
    check(result, motion, pair, tmp_path)


def test_stopped_while_going_on_from_a_fit(shared: FitResult, tmp_path: Path) -> None:
    motion, pair = clip(), body_pair("built-in")
    recipe = Recipe(TWO_STAGES.stages[1:], start="current")
    fitting = FitRun(motion, pair, recipe, start=shared, device="cpu", threads=1)
    for progress in fitting:
        if progress.stage == "shape" and progress.iteration == 1:
            fitting.cancel()
    check(fitting.result(), motion, pair, tmp_path)


def test_merged_after_a_stop(shared: FitResult, own: FitResult, tmp_path: Path) -> None:
    motion, pair, first = clip(), body_pair("built-in"), np.array([0])
    for earlier, settings in ((shared, FitSettings(shape="fixed")), (own, OWN)):
        betas = earlier.betas if settings.shape == "fixed" else None
        later = run(motion, pair, replace(settings, pose_prior=0.01), frames=first, betas=betas)
        both = merged(earlier, later, first)
        assert both is not None
        assert both.fitted.all()
        if both.frame_betas is not None:
            np.testing.assert_allclose(both.betas, both.frame_betas.mean(0), rtol=0, atol=1e-6)
        check(both, motion, pair, tmp_path)


# Sources of other kinds


def test_gaps(tmp_path: Path) -> None:
    motion, pair = clip(), body_pair("built-in")
    poses = motion.poses.copy()
    poses[1, 4] = np.nan
    for settings in (OWN, FitSettings(iterations=4)):
        result = run(replace(motion, poses=poses), pair, settings)
        assert result.fitted.tolist() == [True, False, True]
        check(result, replace(motion, poses=poses), pair, tmp_path)


@pytest.mark.parametrize("far", [30.0, 3000.0, 200_000.0])
def test_far_from_the_origin(far: float, tmp_path: Path) -> None:
    motion, pair = clip(), body_pair("built-in")
    moved = replace(motion, trans=(motion.trans + np.array([far, -far, 0.1 * far])).astype(np.float32))
    check(run(moved, pair, FitSettings(iterations=4)), moved, pair, tmp_path)


def test_half_turns(tmp_path: Path) -> None:
    motion, pair = clip(), body_pair("built-in")
    poses = motion.poses.copy()
    for frame, angle in enumerate((np.pi, np.pi - 1e-4, 3.2)):
        poses[frame, 0] = angle * np.array([0.6, 0.0, 0.8])
        poses[frame, 18] = angle * np.array([0.0, 0.6, -0.8])
    check(
        run(replace(motion, poses=poses), pair, FitSettings()), replace(motion, poses=poses), pair, tmp_path
    )


def test_another_frame_rate(tmp_path: Path) -> None:
    motion, pair = resampled(clip(4), 77.0), body_pair("built-in")
    assert len(motion) > 3
    check(run(motion, pair, FitSettings(iterations=4)), motion, pair, tmp_path)


def test_meshes_and_own_shapes_of_the_source(tmp_path: Path) -> None:
    pair = body_pair("built-in")
    vertices, _ = posed(clip(), pair.source, slice(None))
    meshes = motion_of_meshes("smplh", vertices)
    check(run(meshes, pair, FitSettings(iterations=8)), meshes, pair, tmp_path)
    rows = clip().betas + np.linspace(-0.5, 0.5, 3, dtype=np.float32)[:, None]
    growing = replace(clip(), frame_betas=rows)
    check(run(growing, pair, OWN), growing, pair, tmp_path)


def test_painted_masks_and_weights(tmp_path: Path) -> None:
    pair = body_pair("built-in")
    valid = pair.target.vertex_part != 3
    painted = pair.with_valid(valid).with_weights(np.where(pair.target.vertex_part == 0, 5.0, 1.0))
    check(run(clip(), painted, FitSettings(iterations=4)), clip(), painted, tmp_path)


# What is made of fits


def _bent(result: FitResult) -> ParameterChange:
    return ParameterChange(
        {16: result.poses[1, 16] + np.float32(0.4)}, transl=result.transl[1] + np.float32(0.01)
    )


CHANGES: dict[str, Callable[[FitResult], ParameterChange]] = {
    "pose": _bent,
    "betas": lambda result: ParameterChange(betas=np.linspace(1, -1, 10, dtype=np.float32)),
    "fewer betas": lambda result: ParameterChange(betas=np.linspace(1, -1, 4, dtype=np.float32)),
    "expression": lambda result: ParameterChange(expression=np.linspace(1, -1, 10, dtype=np.float32)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_edited_frames(what: str, shared: FitResult, own: FitResult, tmp_path: Path) -> None:
    pair = body_pair("built-in")
    for result in (shared, own):
        check(edited(clip(), pair, result, 1, CHANGES[what](result)), clip(), pair, tmp_path)


def test_frames_of_another_fit(shared: FitResult, own: FitResult, tmp_path: Path) -> None:
    pair, some = body_pair("built-in"), np.array([1])
    for result, other in ((shared, own), (own, shared)):
        check(swapped(result, other, some), clip(), pair, tmp_path)
    motion = clip(9)
    long = run(motion, pair, FitSettings(iterations=3))
    again = run(motion, pair, replace(OWN, iterations=2), frames=np.arange(8), start=long)
    check(joined(motion, pair, long, again, np.array([3])), motion, pair, tmp_path)


@pytest.mark.parametrize("before", ["shared", "own"])
def test_through_a_session(before: str, shared: FitResult, own: FitResult, tmp_path: Path) -> None:
    motion, path = clip(), tmp_path / "walk.refit"
    step = SessionStep(own if before == "own" else shared)
    save_session(path, Session(SourceFile.of(motion), motion, (step,)))
    session = load_session(path)
    assert session.motion is not None
    assert session.now.result is not None
    check(session.now.result, session.motion, body_pair("built-in"), tmp_path)


@pytest.mark.parametrize("frames", [[1], [0, 2]])
@pytest.mark.parametrize("before", ["shared", "own"])
def test_exported_frames(
    before: str, frames: list[int], shared: FitResult, own: FitResult, tmp_path: Path
) -> None:
    result, pair, ids = own if before == "own" else shared, body_pair("built-in"), np.array(frames)
    taken = result.take(ids)
    save_result(tmp_path / "some.npz", taken)
    check_file(tmp_path / "some.npz", clip(), pair, ids)
    if len(ids) == 1:
        # A reader that knows nothing of shapes frame by frame gets the one there is.
        np.testing.assert_array_equal(taken.betas, result.as_motion().betas_of(ids).reshape(-1, 10)[0])
        assert taken.frame_betas is None


@pytest.mark.parametrize("before", ["shared", "own"])
def test_published_pickles(before: str, shared: FitResult, own: FitResult, tmp_path: Path) -> None:
    result, pair, ids = own if before == "own" else shared, body_pair("built-in"), np.array([0, 2])
    if before == "own":
        result = edited(clip(), pair, result, 2, CHANGES["betas"](result))
    write_merged(tmp_path / "merged.pkl", result, ids)
    write_frames(tmp_path / "each", "walk", result, ids)
    joints = ("global_orient", "body_pose", "jaw_pose", "leye_pose", "reye_pose", "left_hand_pose")
    found = []
    told = read_pickle(tmp_path / "merged.pkl")
    poses = np.concatenate([told[key] for key in (*joints, "right_hand_pose")], 1)
    betas = told.get("frame_betas", told["betas"])
    found.append((ids, {**told, "poses": poses, "trans": told["transl"], "betas": betas}))
    for frame in ids:
        told = read_pickle(tmp_path / "each" / f"walk_{frame:06d}.pkl")
        turned = np.concatenate([told[key] for key in (*joints, "right_hand_pose")], 1)
        poses = Rotation.from_matrix(turned.reshape(-1, 3, 3)).as_rotvec().reshape(1, -1)
        found.append((np.array([frame]), {**told, "poses": poses, "trans": told["transl"]}))
    for frames, arrays in found:
        mm = distances(pair, clip(), frames, arrays)
        np.testing.assert_allclose(mm.mean(1), result.mean_mm[frames], rtol=0, atol=MICROMETRES / 1000)
        np.testing.assert_allclose(mm.max(1), result.max_mm[frames], rtol=0, atol=MICROMETRES / 1000)


@pytest.mark.parametrize("preset", ["accurate", "published-l-bfgs"])
def test_one_frame_on_the_command_line(preset: str, tmp_path: Path) -> None:
    source, out = tmp_path / "walk_poses.npz", tmp_path / "out.npz"
    arrays = dict(np.load(default_motion()))
    np.savez(source, **{**arrays, "betas": clip().betas})
    few = [f"{stage}.iterations=1" for stage in (1, 2, 3)] if "published" in preset else []
    options = [option for each in few for option in ("--set", each)]
    command = ["convert", str(source), "-o", str(out), "--preset", preset, "--frames", "5:6", *options]
    assert main([*command, "--threads", "1"]) == 0
    motion = load_motion(source).cut(5, 6)
    check_file(out, motion, body_pair("built-in"))
