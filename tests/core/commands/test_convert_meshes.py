"""Meshes alone, fitted from their parts: as good as from the parameters that posed them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from core.commands.cli import main
from core.correspond.load_bodies import load_bodies
from core.errors import RefitError
from core.files.bodies.models import read_model, smpl_from_smplh
from core.files.builtin_files import builtin_folder
from core.fitting.posed_frames import PosedFrames
from core.fitting.quick_refit import QuickRefit
from core.fitting.recipe.recipe import FAST, PRESETS
from core.fitting.run import FitRun
from core.geometry.mirror import mirror_map
from core.measure.map_back import check_inverse
from core.measure.measure_motion import measure_motion
from core.measure.surroundings import surroundings
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.frame_parameters import source_parameters
from core.model.motion import Motion, motion_of_meshes
from core.model.posing import posed, root_path
from core.outputs.meshes import write_meshes
from core.outputs.results import load_result
from core.outputs.sessions import load_session
from core.problems.fix_strategies import FixTrial
from core.problems.second_opinion import SecondOpinion
from core.session.fit_origin import SourceMissing, find_motion, find_source
from tests.core.clip_fits import CLIPS, bodies, clip, fitted_clip
from tests.core.files.motions.mesh_files import obj
from tests.transfer_files import write_correspondence, write_mask

CONVERT = ["--threads", "1"]
SAME_MM = 0.02


def as_meshes(motion: Motion, pair: BodyPair) -> Motion:
    """The motion without its parameters."""
    said = {key: getattr(motion, key) for key in ("frame_rate", "up_axis", "path", "sha256")}
    return motion_of_meshes(motion.family, posed(motion, pair.source, slice(None))[0], **said)


def fit(motion: Motion, pair: BodyPair, recipe=None) -> FitResult:  # type: ignore[no-untyped-def]
    run = FitRun(motion, pair, recipe, device="cpu", threads=1)
    for _ in run:
        pass
    return run.result()


@lru_cache
def fitted_meshes() -> tuple[Motion, Motion, BodyPair, FitResult]:
    """Some frames in parameters, as meshes, and the fit of the meshes."""
    motion, pair, _ = fitted_clip("dance", 100, 124)
    meshes = as_meshes(motion, pair)
    return motion, meshes, pair, fit(meshes, pair)


def check_same_optimum(name: str, start: int | None, stop: int | None) -> None:
    motion, pair = clip(name, start, stop), bodies("built-in")
    from_poses, from_meshes = fit(motion, pair), fit(as_meshes(motion, pair), pair)
    worse = from_meshes.mean_mm > from_poses.mean_mm + SAME_MM
    assert not (worse & from_meshes.converged).any(), np.flatnonzero(worse & from_meshes.converged)
    assert from_meshes.converged.mean() > 0.97


@pytest.mark.parametrize("name", ["spinkick", "cartwheel"])
def test_the_same_optimum_as_from_poses(name: str) -> None:
    check_same_optimum(name, 20, 44)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", CLIPS)
def test_the_same_optimum_over_whole_clips(name: str) -> None:
    check_same_optimum(name, None, None)


@pytest.fixture
def written(tmp_path: Path) -> dict[str, Path]:
    """Meshes of a short clip as an npz and as folders, and its parameters, each in a folder of its own."""
    motion, pair = clip("walk", 30, 42), bodies("built-in")
    for folder in ("npz", "poses"):
        (tmp_path / folder).mkdir()
    vertices = posed(motion, pair.source, slice(None))[0]
    np.savez(tmp_path / "npz" / "walk.npz", vertices=vertices, mocap_framerate=60.0)
    np.savez(
        tmp_path / "poses" / "walk.npz",
        poses=motion.poses.reshape(len(motion), -1),
        trans=motion.trans,
        betas=motion.betas,
        gender="neutral",
        mocap_framerate=60.0,
    )
    for suffix in (".obj", ".ply"):
        (tmp_path / suffix[1:]).mkdir()
        folder = tmp_path / suffix[1:] / "walk"
        write_meshes(folder, "walk", motion, pair.source, np.arange(len(motion)), suffix=suffix)
        # Names that sort otherwise as text.
        for frame, file in enumerate(sorted(folder.iterdir())):
            file.rename(folder / f"{frame + 5}{suffix}")
    return {name: tmp_path / name for name in ("npz", "poses", "obj", "ply")}


def test_the_command_line_converts_them_all_alike(written: dict[str, Path], tmp_path: Path) -> None:
    found = {}
    for name, folder in written.items():
        out = tmp_path / "out" / name
        assert (
            main(["convert", str(folder), "-o", str(out), *CONVERT, "--frame-rate", "60", "--session"]) == 0
        )
        found[name] = load_result(out / "walk_stageii.npz")
        assert found[name].frame_rate == 60.0
        assert found[name].up_axis == "z"
        assert found[name].converged.all()
        np.testing.assert_allclose(found[name].mean_mm, found["npz"].mean_mm, atol=SAME_MM)
    assert found["ply"].provenance["recipe"]["start"] == "parts"
    single = tmp_path / "single.npz"
    source = written["ply"] / "walk"
    assert main(["convert", str(source), "-o", str(single), *CONVERT, "--frame-rate", "60"]) == 0
    np.testing.assert_array_equal(load_result(single).poses, found["ply"].poses)
    # What is done already is not done again, and the result finds its meshes.
    before = single.stat().st_mtime_ns
    assert main(["convert", str(source), "-o", str(single), *CONVERT, "--frame-rate", "60"]) == 0
    assert single.stat().st_mtime_ns == before
    assert find_motion(single, load_result(single)).vertices.shape == (12, 6890, 3)  # type: ignore[union-attr]
    session = load_session(tmp_path / "out" / "ply" / "walk_stageii.refit")
    assert session.motion is None
    assert len(find_source(single, session.source)) == 12
    (source / "7.ply").write_bytes((source / "8.ply").read_bytes())
    with pytest.raises(SourceMissing, match="is not the file that it was made from"):
        find_source(single, session.source)


def test_only_some_frames_and_a_shape_for_all(written: dict[str, Path], tmp_path: Path) -> None:
    sources, out = [str(written["ply"] / "walk"), str(written["npz"] / "walk.npz")], tmp_path / "out"
    (written["npz"] / "walk.npz").rename(written["npz"] / "other.npz")
    sources[1] = str(written["npz"] / "other.npz")
    arguments = [*CONVERT, "--preset", "fast", "--frames", "2:8"]
    assert main(["convert", *sources, "-o", str(out), *arguments, "--one-shape"]) == 0
    one, other = (load_result(out / f"{name}_stageii.npz") for name in ("walk", "other"))
    assert len(one) == 6
    np.testing.assert_array_equal(one.betas, other.betas)


def test_what_the_command_line_says_of_meshes(
    written: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = written["obj"] / "walk"
    assert main(["info", str(source)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "meshes over time, of SMPL or SMPL-H" in said
    assert "Frame rate not in the file" in said
    assert main(["inspect", str(source), "--joint", "left_wrist", "--frame", "3"]) == 0
    assert "left_wrist" in capsys.readouterr().out
    assert (
        main(["convert", str(source), "-o", str(tmp_path / "a.npz"), "--frame-rate", "30", "--fps", "60"])
        == 1
    )
    assert "no rotations to resample; leave out --fps" in capsys.readouterr().out
    (source / "9.obj").write_bytes(obj(np.zeros((7, 3))))
    assert main(["convert", str(source), "-o", str(tmp_path / "a.npz")]) == 1
    assert "9.obj: has 7 vertices, expected 6890 as 5.obj has" in " ".join(capsys.readouterr().out.split())
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["convert", str(empty), "-o", str(tmp_path / "b")]) == 2
    assert "There is no motion" in capsys.readouterr().err


def test_a_walk_leaves_templates_and_exported_fits_alone(written: dict[str, Path], tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "templates").mkdir(parents=True)
    (top / "templates" / "sphere.obj").write_bytes(obj(np.zeros((7, 3))))
    pair = bodies("built-in")
    target = pair.target
    rest = Motion(
        "smplx", np.zeros((2, 55, 3), np.float32), np.zeros((2, 3), np.float32), np.zeros(10, np.float32)
    )
    write_meshes(top / "exported", "walk", rest, target, np.arange(2), suffix=".ply")
    (written["ply"] / "walk").rename(written["ply"] / "walk.v2")
    written["ply"].rename(top / "meshes")
    assert main(["convert", str(top), "-o", str(tmp_path / "out"), *CONVERT, "--preset", "fast"]) == 0
    assert [path.name for path in (tmp_path / "out").rglob("*.npz")] == ["walk.v2_stageii.npz"]


def test_smplx_meshes_to_smplx_and_smplh(tmp_path: Path) -> None:
    pair, (_, _, result) = bodies("built-in"), fitted_clip("dance", 100, 112)
    motion = result.as_motion()
    np.savez(tmp_path / "dance.npz", vertices=posed(motion, pair.target, slice(None))[0])
    for family, most in (("smplx", 0.2), ("smplh", 3.5)):
        out = tmp_path / f"{family}.npz"
        assert main(["convert", str(tmp_path / "dance.npz"), "-o", str(out), "--to", family, *CONVERT]) == 0
        found = load_result(out)
        assert found.family == family
        assert found.mean_mm.max() < most


def test_measures_are_the_same_but_for_rotations() -> None:
    motion, meshes, pair, result = fitted_meshes()
    ours, theirs = measure_motion(meshes, pair, result), measure_motion(motion, pair, result)
    for name in ("mean_mm", "max_mm", "part_mm", "jitter_mm", "penetration_mm", "skate_mm", "vertex_mean_mm"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), atol=2e-3, err_msg=name)
    np.testing.assert_allclose(ours.mean_mm, result.mean_mm, atol=1e-3)
    assert np.isnan(ours.turn_deg[1:]).all()
    assert np.nanmean(ours.joint_mm) < 10
    one, other = check_inverse(meshes, pair, result), check_inverse(motion, pair, result)
    np.testing.assert_allclose(one.surface.mean, other.surface.mean, atol=1e-3)


def test_the_source_is_shown_as_it_is() -> None:
    motion, meshes, pair, result = fitted_meshes()
    ours, theirs = (PosedFrames(source, pair, result).frame(9) for source in (meshes, motion))
    np.testing.assert_allclose(ours.source_vertices, theirs.source_vertices, atol=1e-6)
    np.testing.assert_allclose(ours.error_mm, theirs.error_mm, atol=2e-3)
    # Regressed joints are near those of the chain.
    assert np.linalg.norm(ours.source_joints - theirs.source_joints, axis=1).max() < 0.03
    np.testing.assert_allclose(root_path(meshes, pair.source)[9], ours.source_joints[0], atol=1e-5)
    around, other = (surroundings(source, pair.source, 60.0) for source in (meshes, motion))
    np.testing.assert_allclose(around.floor, other.floor, atol=1e-4)
    assert np.isnan(source_parameters(meshes, 3).pose).all()


def test_single_frames_are_fitted_again_from_what_there_is() -> None:
    _, meshes, pair, result = fitted_meshes()
    frames = [5, 6]
    again = QuickRefit(meshes, pair, result).refit(5, pair.correspondence.valid)
    assert again.after_mm < result.mean_mm[5] + SAME_MM
    opinion = SecondOpinion(meshes, pair, result, frames, device="cpu", threads=1)
    for _ in opinion:
        pass
    assert "source" not in opinion.opinion().by_start
    assert (opinion.opinion().after_mm <= result.mean_mm[frames] + 1e-3).all()
    fixes = FixTrial(meshes, pair, result, frames, device="cpu", threads=1)
    for _ in fixes:
        pass
    assert {fix.strategy.name for fix in fixes.fixes if fix.strategy} >= {"parts", "neighbours"}
    assert "source" not in {fix.strategy.name for fix in fixes.fixes if fix.strategy}


def test_frames_that_are_no_numbers_are_left_out() -> None:
    _, meshes, pair, _ = fitted_meshes()
    vertices = meshes.vertices.copy()  # type: ignore[union-attr]
    vertices[3, 100], vertices[4, 5] = np.nan, np.inf
    broken = motion_of_meshes("smplh", vertices)
    result = fit(broken, pair, FAST)
    assert np.flatnonzero(~result.fitted).tolist() == [3, 4]
    found = measure_motion(broken, pair, result)
    assert np.isnan(found.mean_mm[[3, 4]]).all()
    assert np.isfinite(found.mean_mm[[2, 5]]).all()
    assert np.isnan(PosedFrames(broken, pair, result).frame(3).source_vertices).all()


def test_far_from_the_origin_digits_are_kept() -> None:
    _, meshes, pair, result = fitted_meshes()
    far = motion_of_meshes("smplh", meshes.vertices[:4] + np.float32(512.0))  # type: ignore[index]
    np.testing.assert_allclose(fit(far, pair).mean_mm, result.mean_mm[:4], atol=0.1)


def test_meshes_of_another_order_or_unit_are_refused() -> None:
    _, meshes, pair, _ = fitted_meshes()
    vertices = meshes.vertices[:3]  # type: ignore[index]
    shuffled = vertices[:, np.random.default_rng(0).permutation(vertices.shape[1])]
    for wrong, said in (
        (shuffled, "not in the order of the built-in SMPL-H body"),
        (vertices * 1000, "are they in millimetres"),
        (vertices * 100, "are they in centimetres"),
        (vertices * 0, "not in the order"),
        (vertices[:, :-1], "have 6889 vertices, the built-in SMPL-H body has 6890"),
        (vertices * [-1, 1, 1], "mirror images of the built-in SMPL-H body"),
        (vertices[:, mirror_map(pair.source).vertices], "mirror images of the built-in SMPL-H body"),
    ):
        with pytest.raises(RefitError, match=said):
            FitRun(motion_of_meshes("smplh", wrong), pair)


def test_the_published_method_takes_meshes() -> None:
    _, meshes, pair, _ = fitted_meshes()
    run = FitRun(meshes.cut(0, 1), pair, PRESETS["published"], device="cpu", threads=1)
    assert run.recipe.start == "parts"
    steps = iter(run)
    assert np.isfinite(next(steps).objective)
    run.cancel()
    assert not list(steps)[1:]


def licensed(folder: Path, order: np.ndarray) -> Path:
    """Models as their owners lay them out: the built-in ones with the vertices of SMPL-H in another order."""
    source = builtin_folder() / "bodies"
    (folder / "smplh" / "neutral").mkdir(parents=True)
    (folder / "smplx").mkdir()
    (folder / "transfer").mkdir()
    with np.load(source / "smplh" / "neutral" / "model.npz") as stored:
        arrays = dict(stored)
    place = np.argsort(order)
    body = read_model(source / "smplh" / "neutral" / "model.npz", gender="neutral", family="smplh")
    for key in ("v_template", "shapedirs", "posedirs", "weights"):
        if key in arrays:
            arrays[key] = arrays[key][order]
    arrays["f"] = place[body.faces].astype(np.uint32)
    arrays["J_regressor"] = body.J_regressor[:, order]
    del arrays["origin"]
    np.savez(folder / "smplh" / "neutral" / "model.npz", **arrays)
    original = next((source / "smplx").rglob("*.npz"))
    (folder / "smplx" / "SMPLX_NEUTRAL.npz").write_bytes(original.read_bytes())
    correspondence = load_bodies().correspondence
    write_correspondence(folder / "transfer/smplh2smplx_deftrafo_setup.pkl", correspondence.matrix[:, order])
    write_mask(folder / "transfer/smplx_mask_ids.npy", correspondence.valid)
    return folder


def test_models_in_a_folder_have_an_order_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = np.random.default_rng(1).permutation(6890)
    models = licensed(tmp_path / "models", order)
    _, meshes, _, result = fitted_meshes()
    np.savez(tmp_path / "theirs.npz", vertices=meshes.vertices[:6][:, order])  # type: ignore[index]
    arguments = ["convert", str(tmp_path / "theirs.npz"), "-o", str(tmp_path / "a.npz"), *CONVERT]
    assert main(arguments) == 1
    assert "not in the order of the built-in SMPL-H body" in " ".join(capsys.readouterr().out.split())
    assert main([*arguments, "--models", str(models)]) == 0
    assert load_result(tmp_path / "a.npz").provenance["source_body"]["family"] == "smplh"
    np.testing.assert_allclose(load_result(tmp_path / "a.npz").mean_mm, result.mean_mm[:6], atol=0.1)
    # A folder with SMPL alone serves as well: its vertices are the same.
    (models / "smpl").mkdir()
    body = read_model(models / "smplh/neutral/model.npz", gender="neutral", family="smplh")
    write_smpl(smpl_from_smplh(body), models / "smpl" / "SMPL_NEUTRAL.npz")
    (models / "smplh/neutral/model.npz").unlink()
    (models / "transfer/smplh2smplx_deftrafo_setup.pkl").rename(
        models / "transfer/smpl2smplx_deftrafo_setup.pkl"
    )
    assert main([*arguments, "--models", str(models), "--force"]) == 0
    assert load_result(tmp_path / "a.npz").provenance["source_body"]["family"] == "smpl"


def write_smpl(body: BodyModel, path: Path) -> None:
    """A body as a model file in SMPL's layout."""
    np.savez(
        path,
        v_template=body.v_template,
        f=body.faces,
        shapedirs=body.shapedirs,
        posedirs=body.posedirs,
        weights=body.weights,
        J_regressor=body.J_regressor,
        kintree_table=np.stack((body.parents, np.arange(body.num_joints))),
    )
