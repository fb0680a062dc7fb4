"""Exported glTF, read from its bytes and posed as a viewer does: skin, joints, times, axes, expression."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from core.errors import RefitError
from core.geometry.up_axis import turned
from core.model.body import BodyModel
from core.model.motion import Motion
from core.model.posing import posed
from core.outputs.export_format import ExportJob
from core.outputs.gltf import GLTF, vertex_normals
from core.outputs.rig import heaviest, loss_words, rig_loss, rig_of
from tests.core.clip_fits import bodies, clip, fitted_clip
from tests.core.outputs.glb_reader import Glb
from tests.variants import strengthened

TENTH_MM = 1e-4


def without_correctives(motion: Motion, body: BodyModel, frames: np.ndarray) -> np.ndarray:
    """(n, V, 3) Refit's skin of a body that has none, y up."""
    bare = replace(body, posedirs=np.zeros_like(body.posedirs))
    return turned(posed(motion, bare, frames)[0], motion.up_axis, "y")


def exported(path: Path, motion: Motion, pair, frames, settings=None, result=None, **more) -> tuple[Glb, str]:
    said = GLTF.write(ExportJob(path, "walk", frames, motion, pair, result, settings=settings or {}, **more))
    return Glb(path), said


def of_source(path: Path, motion: Motion, frames: np.ndarray, variant: str = "built-in", **more):
    return exported(path, motion, bodies(variant), frames, {"rigs": "source"}, **more)


@pytest.mark.parametrize("variant", ["built-in", "strong correctives"])
def test_skin_of_the_fit_is_refits_but_for_the_correctives(variant: str, tmp_path: Path) -> None:
    motion, pair, result = fitted_clip("walk", 0, 12)
    if variant != "built-in":
        pair = replace(pair, target=strengthened(pair.target))
    frames = np.arange(2, 12, 3)
    file, said = exported(tmp_path / "a.glb", motion, pair, frames, result=result)
    fit = result.as_motion()
    bare = without_correctives(fit, pair.target, frames)
    for key in range(len(frames)):
        assert np.abs(file.skin(key) - bare[key]).max() < TENTH_MM
    whole = turned(posed(fit, pair.target, frames)[0], "z", "y")
    lost = 1000 * np.linalg.norm(whole - bare, axis=2)
    assert f"{lost.mean():.2f} mm off in the mean and {lost.max():.1f} mm at most" in said
    four = max(np.linalg.norm(file.skin(k, most_sets=1) - bare[k], axis=1).max() for k in range(len(frames)))
    assert f"four weights a vertex are up to {1000 * four:.1f} mm further off" in said
    assert np.allclose(file.times(), (frames - 2) / motion.frame_rate)
    joints = turned(posed(fit, pair.target, frames)[1], "z", "y")
    assert np.abs(file.joints(1) - joints[1]).max() < TENTH_MM
    names = [file.json["nodes"][node]["name"] for node in file.json["skins"][0]["joints"]]
    assert names == list(pair.target.joint_names)


@pytest.mark.parametrize("up_axis", ["y", "z", "-y", "x"])
def test_up_is_up_and_left_stays_left(up_axis: str, tmp_path: Path) -> None:
    motion = replace(clip("walk", 0, 3), up_axis=up_axis)
    frames = np.arange(3)
    file, _ = of_source(tmp_path / "a.glb", motion, frames)
    assert (
        np.abs(file.skin(2) - without_correctives(motion, bodies("built-in").source, frames)[2]).max()
        < TENTH_MM
    )


def test_meshes_have_unit_normals_and_open_in_trimesh(tmp_path: Path) -> None:
    path, body = tmp_path / "a.glb", bodies("built-in").source
    file, _ = of_source(path, clip("walk", 0, 2), np.arange(2))
    scene = trimesh.load_scene(path)
    (mesh,) = scene.geometry.values()
    assert mesh.vertices.shape == body.v_template.shape
    assert np.array_equal(mesh.faces, body.faces)
    own = file.accessor(file.json["meshes"][0]["primitives"][0]["attributes"]["NORMAL"])
    assert np.allclose(np.linalg.norm(own, axis=1), 1, atol=1e-5)
    outward = trimesh.Trimesh(mesh.vertices, body.faces, process=False).vertex_normals
    assert np.median((own * outward).sum(1)) > 0.999
    lone = vertex_normals(np.zeros((4, 3)), np.array([[0, 1, 2]]))
    assert np.array_equal(lone, np.tile(np.float32([0, 1, 0]), (4, 1)))


def face_motion(frames: int = 4) -> tuple[Motion, BodyModel]:
    """A fit's motion with a moving face; joints of the head move with it, as licensed bodies' do."""
    _, pair, result = fitted_clip("walk", 0, 12)
    rng = np.random.default_rng(3)
    regressor = pair.target.J_regressor.copy()
    jaw = pair.target.joint_names.index("jaw")
    moved = np.linalg.norm(pair.target.expressiondirs, axis=1).sum(1).argsort()[-5:]
    regressor[jaw, :], regressor[jaw, moved] = 0, 0.2
    body = replace(pair.target, J_regressor=regressor)
    face = rng.normal(size=(12, body.num_expression)).astype(np.float32)
    return replace(result.as_motion(), expression=face).some(np.arange(frames)), body


def test_expression_is_in_morph_targets(tmp_path: Path) -> None:
    motion, body = face_motion()
    pair = replace(bodies("built-in"), source=body)
    file, _ = of_source_in(tmp_path / "a.glb", motion, pair)
    mesh = file.json["meshes"][0]
    count = body.num_expression
    assert mesh["extras"]["targetNames"] == [f"expression_{k}" for k in range(count)]
    assert mesh["weights"] == [0.0] * count
    frames = np.arange(len(motion))
    for key, bare in enumerate(without_correctives(motion, body, frames)):
        assert np.abs(file.skin(key) - bare).max() < TENTH_MM
    still = replace(motion, expression=np.zeros_like(motion.expression))
    assert (
        np.abs(without_correctives(still, body, frames) - without_correctives(motion, body, frames)).max()
        > 1e-3
    )


def of_source_in(path: Path, motion: Motion, pair, **more) -> tuple[Glb, str]:
    return exported(path, motion, pair, np.arange(len(motion)), {"rigs": "source"}, **more)


def test_shapes_of_frames_own_are_morph_targets_too(tmp_path: Path) -> None:
    motion = clip("walk", 0, 3)
    own = np.tile(motion.betas, (3, 1))
    own[:, 1] += [0.5, -0.5, 0.25]
    motion = replace(motion, frame_betas=own.astype(np.float32))
    file, _ = of_source(tmp_path / "a.glb", motion, np.arange(3))
    assert file.json["meshes"][0]["extras"]["targetNames"] == ["betas_1"]
    for key, bare in enumerate(without_correctives(motion, bodies("built-in").source, np.arange(3))):
        assert np.abs(file.skin(key) - bare).max() < TENTH_MM


def test_rotations_go_the_short_way_over_a_whole_turn(tmp_path: Path) -> None:
    motion = clip("spinkick")
    file, _ = of_source(tmp_path / "a.glb", motion, np.arange(len(motion)))
    for sampler in file.json["animations"][0]["samplers"]:
        values = file.accessor(sampler["output"])
        if values.shape[1] == 4:
            assert np.allclose(np.linalg.norm(values, axis=1), 1, atol=1e-6)
            assert (values[1:] * values[:-1]).sum(1).min() > 0


def test_far_from_the_origin_nothing_is_lost(tmp_path: Path) -> None:
    near = clip("walk", 0, 2)
    far = replace(near, origin=(500_000.0, 4_123_456.0, 100.0))
    file, said = of_source(tmp_path / "far.glb", far, np.arange(2))
    other, _ = of_source(tmp_path / "near.glb", near, np.arange(2))
    assert np.array_equal(file.skin(1), other.skin(1))
    assert file.json["asset"]["extras"]["origin"] == [500_000.0, 100.0, -4_123_456.0]
    assert "from the origin 500000, 100, -4123456 m" in said


def test_seconds_are_the_motions(tmp_path: Path) -> None:
    frames = np.array([0, 1, 5])
    motion = replace(clip("walk", 0, 6), frame_rate=120.0)
    file, said = of_source(tmp_path / "a.glb", motion, frames)
    assert np.allclose(file.times(), frames / 120)
    assert "frame rate" not in said
    silent = replace(motion, frame_rate=None)
    file, said = of_source(tmp_path / "b.glb", silent, frames)
    assert np.allclose(file.times(), frames / 30)
    assert "does not say its frame rate: written at 30 frames a second" in said
    file, said = of_source(tmp_path / "c.glb", silent, frames, frame_rate=25.0)
    assert np.allclose(file.times(), frames / 25)
    assert "frame rate" not in said


def test_one_frame_is_a_pose_that_needs_no_player(tmp_path: Path) -> None:
    motion, body = face_motion()
    file, _ = exported(
        tmp_path / "a.glb",
        motion,
        replace(bodies("built-in"), source=body),
        np.array([2]),
        {"rigs": "source"},
    )
    bare = without_correctives(motion, body, np.array([2]))[0]
    assert np.abs(file.skin(0) - bare).max() < TENTH_MM
    file.json["animations"] = [{"channels": [], "samplers": []}]
    assert np.abs(file.skin(0) - bare).max() < TENTH_MM


def test_fit_and_source_in_one_file(tmp_path: Path) -> None:
    motion, pair, result = fitted_clip("walk", 0, 12)
    file, said = exported(tmp_path / "a.glb", motion, pair, np.arange(12), {"rigs": "both"}, result)
    assert len(file.json["skins"]) == 2
    for skin, (moves, body) in enumerate(((result.as_motion(), pair.target), (motion, pair.source))):
        bare = without_correctives(moves, body, np.array([7]))[0]
        assert np.abs(file.skin(7, skin) - bare).max() < TENTH_MM
    assert "Fit: Without" in said
    assert "Source: Without" in said


def test_frames_without_a_pose_are_left_out_and_times_stay(tmp_path: Path) -> None:
    motion = clip("walk", 0, 5)
    poses = motion.poses.copy()
    poses[2] = np.nan
    gappy = replace(motion, poses=poses)
    file, said = of_source(tmp_path / "a.glb", gappy, np.arange(5))
    assert np.allclose(file.times() * motion.frame_rate, [0, 1, 3, 4], atol=1e-4)
    assert "1 frame has no pose" in said
    with pytest.raises(RefitError, match="nothing to export"):
        of_source(tmp_path / "b.glb", gappy, np.array([2]))
    meshes = replace(
        motion, poses=np.zeros((5, 0, 3), np.float32), vertices=np.zeros((5, 6890, 3), np.float32)
    )
    with pytest.raises(RefitError, match="meshes, which have no skeleton"):
        of_source(tmp_path / "b.glb", meshes, np.arange(5))
    assert not (tmp_path / "b.glb").exists()


def test_many_weights_a_vertex_are_kept_as_far_as_they_count() -> None:
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.full(50, 0.02), size=400)
    ids, kept = heaviest(weights)
    assert ids.shape[1] % 4 == 0
    full = np.zeros_like(weights)
    np.put_along_axis(full, ids[:, ::-1], kept[:, ::-1], 1)
    assert ids.shape[1] < 30
    assert np.abs(full - weights).sum(1).max() < 2e-4
    assert np.allclose(kept.sum(1), 1, atol=1e-6)
    assert (np.diff(kept, axis=1) <= 0).all()
    four, few = heaviest(np.eye(3)[[0, 1, 2, 2]])
    assert four.shape == (4, 4)
    assert np.array_equal(few[:, 0], np.ones(4))


def test_what_a_rig_lacks_is_measured_on_some_of_many_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    _, pair, result = fitted_clip("walk", 0, 12)
    rig = rig_of(result.as_motion(), pair.target, np.arange(12))
    whole = rig_loss(result.as_motion(), rig)
    assert (whole.frames, "measured" in loss_words(whole)) == (12, False)
    monkeypatch.setattr("core.outputs.rig.MOST_MEASURED", 5)
    some = rig_loss(result.as_motion(), rig)
    assert (some.frames, "in 5 frames measured" in loss_words(some)) == (5, True)
    assert some.most <= whole.most * (1 + 1e-6)  # lots of other sizes round otherwise
    bare = replace(pair.target, posedirs=np.zeros_like(pair.target.posedirs))
    assert rig_loss(result.as_motion(), replace(rig, body=bare)).most == 0
