"""Meshes of a topology of their own: fitted as well as the body that they were made from, and told apart from
what cannot be fitted."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import refit
from core.commands.cli import main
from core.correspond.load_bodies import bodies_for
from core.correspond.mesh_body import mesh_body
from core.errors import FileError, RefitError
from core.files.bodies.correspondences import write_correspondence
from core.files.builtin_files import builtin_motions
from core.files.motions.file_kind import file_kind
from core.files.motions.load_motion import load_motion
from core.files.own_mesh import NothingLeads, OwnMesh
from core.fitting.recipe.recipe import ACCURATE, Recipe
from core.fitting.run import FitRun
from core.inspection.joint_errors import joint_error_series
from core.measure.frame_errors import measured
from core.measure.measure_motion import measure_motion
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion, Reading, motion_of_meshes
from core.outputs.results import load_result
from core.outputs.sessions import load_session
from core.session.bodies_of_fit import OtherBodies, bodies_of
from core.session.fit_origin import find_motion, find_source
from tests.core.clip_fits import bodies, clip
from tests.core.files.motions.mesh_files import obj
from tests.own_meshes import MadeMesh, faces_text

CONVERT = ["--threads", "1", "--frames", ":6"]
SAME_MM = 0.02
# What closest points find instead of the truth is another point of the same skin.
BUILT_MM = 0.25


TO_THE_OPTIMUM = replace(ACCURATE, stages=tuple(replace(one, iterations=160) for one in ACCURATE.stages))
"""With dense correctives some frames are still under way when the usual steps are taken."""


def fit(motion: Motion, pair: BodyPair, recipe: Recipe = ACCURATE) -> FitResult:
    run = FitRun(motion, pair, recipe, device="cpu", threads=1)
    for _ in run:
        pass
    return run.result()


@lru_cache
def made(variant: str) -> tuple[MadeMesh, Motion]:
    return MadeMesh.of(bodies(variant)), clip("spinkick", 20, 36)


def as_source(variant: str) -> tuple[Motion, BodyPair]:
    """The made mesh as a source, with the true correspondence."""
    mesh, motion = made(variant)
    vertices = mesh.vertices(motion)
    own = OwnMesh(mesh.faces, vertices[0], Path("there"))
    source = mesh_body(own, mesh.pair.target, mesh.led())
    pair = replace(mesh.pair, source=source, correspondence=mesh.led())
    said = {"frame_rate": motion.frame_rate, "up_axis": motion.up_axis}
    return motion_of_meshes("mesh", vertices, own=own, **said), pair


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A short clip of the made mesh, with all that may lead from it to a body."""
    folder = tmp_path_factory.mktemp("made")
    mesh, motion = made("built-in")
    clip_file, transfer, rest = mesh.write(folder, motion.cut(0, 6))
    mapping, mask = folder / "mhr2smplx_mapping.npz", folder / "mask.npy"
    mesh.write_mapping(mapping)
    np.save(mask, np.flatnonzero(mesh.pair.correspondence.valid))
    return {"clip": clip_file, "transfer": transfer, "rest": rest, "mapping": mapping, "mask": mask}


@pytest.mark.parametrize(
    "variant", ["built-in", "strong correctives", pytest.param("harsher", marks=pytest.mark.slow)]
)
def test_the_same_optimum_as_from_the_body_itself(variant: str) -> None:
    mesh, motion = made(variant)
    meshes, pair = as_source(variant)
    skin = motion_of_meshes("smplh", meshes.vertices[:, mesh.place], frame_rate=motion.frame_rate)  # type: ignore[index]
    skin = replace(skin, up_axis=motion.up_axis)
    ours, theirs = fit(meshes, pair, TO_THE_OPTIMUM), fit(skin, mesh.pair, TO_THE_OPTIMUM)
    assert ours.converged.sum() >= theirs.converged.sum() - 1
    np.testing.assert_allclose(ours.mean_mm, theirs.mean_mm, atol=SAME_MM)
    np.testing.assert_allclose(
        measured(meshes, pair, ours, np.arange(len(meshes))).mean, ours.mean_mm, atol=1e-3
    )
    assert np.isfinite(measure_motion(meshes, pair, ours).mean_mm).all()


def test_its_joints_are_those_of_the_points_that_correspond_to_it() -> None:
    meshes, pair = as_source("built-in")
    result = fit(meshes, pair)
    names = pair.source.joint_names
    # Nothing corresponds to the eyes; the fingers do, and their joints hang where those of the body do.
    assert set(pair.target.joint_names) - set(names) == {"left_eye_smplhf", "right_eye_smplhf"}
    tree = {
        name: names[parent] for name, parent in zip(names, pair.source.parents, strict=True) if parent >= 0
    }
    assert tree["left_index1"] == "left_wrist"
    assert tree["jaw"] == "head"
    np.testing.assert_allclose(pair.source.J_regressor.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(pair.source.weights.sum(1), 1, atol=1e-5)
    apart = joint_error_series(meshes, pair, result)
    assert set(names) == set(apart.names)
    body = apart.error_mm[:, [apart.names.index(name) for name in ("left_knee", "right_elbow", "head")]]
    assert body.max() < 25


@pytest.mark.parametrize("way", ["transfer", "mapping", "rest"])
def test_the_command_line_takes_what_leads_to_the_body(
    files: dict[str, Path], tmp_path: Path, way: str
) -> None:
    out, name = tmp_path / "out.npz", "--rest-mesh" if way == "rest" else "--transfer"
    arguments = ["convert", str(files["clip"]), "-o", str(out), *CONVERT, name, str(files[way]), "--session"]
    arguments += ["--mask", str(files["mask"])] if way == "mapping" else []
    assert main(arguments) == 0
    result = load_result(out)
    assert result.converged.all()
    assert result.provenance["source_body"]["family"] == "mesh"
    meshes, pair = as_source("built-in")
    truth = fit(meshes.cut(0, 6), pair)
    of_truth = measured(meshes.cut(0, 6), pair, result, np.arange(6)).mean
    np.testing.assert_allclose(of_truth, truth.mean_mm, atol=BUILT_MM if way == "rest" else SAME_MM)
    # It is found again, and done.
    before = out.stat().st_mtime_ns
    assert main(arguments) == 0
    assert out.stat().st_mtime_ns == before
    motion = find_motion(out, result)
    assert motion.own is not None
    assert motion.own.led
    assert bodies_of(result, "builtin").source.num_vertices == made("built-in")[0].count
    session = load_session(out.with_suffix(".refit"))
    assert find_source(out, session.source).own is not None


def test_a_folder_of_meshes_says_its_faces_itself(files: dict[str, Path], tmp_path: Path) -> None:
    mesh, motion = made("built-in")
    folder, faces = tmp_path / "clip", faces_text(mesh.faces)
    folder.mkdir()
    for frame, vertices in enumerate(mesh.vertices(motion.cut(0, 2))):
        text = "\n".join("v {:.6f} {:.6f} {:.6f}".format(*place) for place in vertices.tolist())
        (folder / f"{frame}.obj").write_text(f"{text}\n{faces}\n")
    found = load_motion(folder, Reading(transfer=str(files["transfer"])))
    assert found.own is not None
    np.testing.assert_array_equal(found.own.faces, mesh.faces)
    assert fit(found, bodies_for(found, "builtin")).mean_mm.max() < 3
    other = folder / "1.obj"
    first = faces.splitlines()[0]
    other.write_text(other.read_text().replace(first, "f 1 2 3", 1))
    with pytest.raises(FileError, match=r"1\.obj: has other faces than 0\.obj, expected one topology"):
        load_motion(folder)


def test_what_is_given_away_is_found_beside_the_fit(files: dict[str, Path], tmp_path: Path) -> None:
    out, given = tmp_path / "out.npz", tmp_path / "given"
    arguments = ["convert", str(files["clip"]), "-o", str(out), *CONVERT, "--private", "--session"]
    assert main([*arguments, "--transfer", str(files["transfer"])]) == 0
    for file in (out, out.with_suffix(".refit")):
        assert str(files["transfer"].parent).encode() not in file.read_bytes()
    result = load_result(out)
    assert result.provenance["source"]["reading"] == {"transfer": files["transfer"].name}
    given.mkdir()
    for file in (out, files["clip"], files["transfer"]):
        shutil.copy(file, given)
    motion = find_motion(given / "out.npz", result)
    assert motion.own is not None
    assert motion.own.transfer == given / files["transfer"].name
    assert main(["inspect", str(given / "out.npz"), "--joint", "left_wrist"]) == 0
    assert (
        main(
            [
                "export",
                str(given / "out.npz"),
                "-o",
                str(tmp_path / "a.ply"),
                "--body",
                "source",
                "--frame",
                "2",
            ]
        )
        == 0
    )
    # Another correspondence is not taken for the one that it was made with.
    shutil.copy(files["mapping"], given / files["transfer"].name)
    with pytest.raises(OtherBodies, match="another correspondence"):
        bodies_of(result, "builtin", given / "out.npz")


def test_python_fits_it_in_three_lines(files: dict[str, Path]) -> None:
    motion = refit.load_motion(files["clip"], transfer=files["transfer"])
    assert "mesh of unknown gender" in repr(motion)
    result = refit.fit(motion, "builtin", preset="fast", progress=False)
    assert result.mean_mm.max() < 4
    np.testing.assert_allclose(refit.measure(result, motion).mean_mm, result.mean_mm, atol=1e-3)
    bare = refit.load_motion(files["clip"])
    with pytest.raises(RefitError, match="say what leads from it to a body"):
        refit.fit(bare, "builtin", progress=False)
    assert refit.load_bodies("builtin", bare, transfer=files["transfer"]).source.family == "mesh"


def written(folder: Path, **arrays: object) -> Path:
    mesh, motion = made("built-in")
    usual = {"vertices": mesh.vertices(motion.cut(0, 2)), "faces": mesh.faces, "fps": 60.0}
    np.savez(
        folder / "clip.npz", **{key: value for key, value in {**usual, **arrays}.items() if value is not None}
    )
    return folder / "clip.npz"


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (
            {"faces": None},
            "has 27554 vertices, expected 6890 or 10475, as the bodies have, or faces beside them",
        ),
        (
            {"faces": np.full((5, 3), 27554)},
            "'faces' has a face with vertex 27554, expected ids from 0 to 27553",
        ),
        ({"faces": np.full((5, 3), -1)}, "'faces' has a face with vertex -1, expected ids from 0 to 27553"),
        ({"faces": np.zeros((5, 4), int)}, "'faces' has faces of shape (5, 4), expected (F, 3)"),
        ({"faces": np.full((5, 3), 0.5)}, "'faces' has faces of numbers, expected ids of vertices"),
        ({"vertices": np.zeros((2, 27554, 2))}, "'vertices' has shape (2, 27554, 2), expected"),
        ({"vertices": np.zeros((0, 27554, 3))}, "'vertices' holds no frames, expected at least one"),
        ({"vertices": np.full((2, 27554, 3), np.nan)}, "holds no frame whose numbers are all finite"),
    ],
)
def test_what_is_no_mesh_is_one_sentence(tmp_path: Path, arrays: dict[str, object], said: str) -> None:
    with pytest.raises(FileError) as caught:
        load_motion(written(tmp_path, **arrays), Reading(transfer="there"))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_frames_that_are_no_numbers_are_left_out(files: dict[str, Path], tmp_path: Path) -> None:
    mesh, motion = made("built-in")
    vertices = mesh.vertices(motion.cut(0, 3))
    vertices[0, 5], vertices[2, 7] = np.nan, np.inf
    found = load_motion(written(tmp_path, vertices=vertices), Reading(transfer=str(files["transfer"])))
    assert fit(found, bodies_for(found, "builtin")).fitted.tolist() == [False, True, False]


def test_what_does_not_lead_from_the_mesh_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    mesh, motion = made("built-in")
    clip_file = written(tmp_path)

    def refused(**said: Path) -> str:
        with pytest.raises(RefitError) as caught:
            bodies_for(
                load_motion(clip_file, Reading(**{k: str(path) for k, path in said.items()})), "builtin"
            )
        assert "\n" not in str(caught.value)
        return str(caught.value)

    with pytest.raises(NothingLeads, match="27554 vertices, a topology of their own"):
        bodies_for(load_motion(clip_file), "builtin")
    assert "there is no such file" in refused(transfer=tmp_path / "nowhere.npz")
    # Of another number of vertices, in another order, of a mirror image, of other triangles.
    other = MadeMesh.of(mesh.pair, seed=1)
    for name, found in (("order", other.led()), ("few", mesh.pair.correspondence)):
        write_correspondence(tmp_path / f"{name}.npz", found)
    assert "expected (10475, 27554)" in refused(transfer=tmp_path / "few.npz")
    assert "is it for meshes in another order" in refused(transfer=tmp_path / "order.npz")
    with np.load(files["mapping"]) as stored:
        mapping = dict(stored)
    np.savez(tmp_path / "ids.npz", **(mapping | {"triangle_ids": mapping["triangle_ids"] + 10**6}))
    assert "names triangle" in refused(transfer=tmp_path / "ids.npz")
    np.savez(tmp_path / "short.npz", **(mapping | {"triangle_ids": mapping["triangle_ids"][:9]}))
    assert "'triangle_ids' is integers of shape (9,), expected (10475,)" in refused(
        transfer=tmp_path / "short.npz"
    )
    np.savez(tmp_path / "wide.npz", **(mapping | {"baryc_coords": mapping["baryc_coords"][:, :2]}))
    assert "'baryc_coords' has shape (10475, 2), expected (10475, 3)" in refused(
        transfer=tmp_path / "wide.npz"
    )
    mirrored = tmp_path / "mirror.npz"
    np.savez(mirrored, vertices=mesh.vertices(motion.cut(0, 2)) * [-1, 1, 1], faces=mesh.faces)
    found = load_motion(mirrored, Reading(transfer=str(files["transfer"])))
    with pytest.raises(FileError, match="mirror image"):
        bodies_for(found, "builtin")
    # A rest mesh of another topology, or in another pose than the body's.
    assert "expected a name that ends in" in refused(rest_mesh=files["transfer"])
    (tmp_path / "few.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    assert "has 3 vertices, expected 27554 as clip.npz has" in refused(rest_mesh=tmp_path / "few.obj")
    posed_mesh = tmp_path / "posed.obj"
    posed_mesh.write_bytes(obj(mesh.vertices(motion)[5], faces_text(mesh.faces)))
    assert "leads to no body" in refused(rest_mesh=posed_mesh)


def test_units_are_asked_for(files: dict[str, Path], tmp_path: Path) -> None:
    mesh, motion = made("built-in")
    path = written(tmp_path, vertices=100 * mesh.vertices(motion.cut(0, 2)))
    reading = Reading(transfer=str(files["transfer"]))
    found = load_motion(path, reading)
    with pytest.raises(RefitError, match="are they in centimetres"):
        FitRun(found, bodies_for(found, "builtin"))
    assert fit(load_motion(path, replace(reading, unit="cm")), bodies_for(found, "builtin")).mean_mm.max() < 3


def test_sam_3d_bodys_arrays_are_a_cameras(files: dict[str, Path], tmp_path: Path) -> None:
    mesh, motion = made("built-in")
    vertices = mesh.vertices(motion.cut(0, 2))
    middle = vertices.mean(1)
    turned = (
        (vertices - middle[:, None]) @ np.array([[1, 0, 0], [0, 0, -1], [0, -1, 0]], np.float32) * [-1, 1, 1]
    )
    path, away = tmp_path / "sam.npz", middle + np.float32([0, 0, 4])
    np.savez(path, pred_vertices=turned, pred_cam_t=away, faces=mesh.faces)
    found = load_motion(path, Reading(transfer=str(files["transfer"])))
    assert found.up_axis == "-y"
    np.testing.assert_allclose(found.trans, away, atol=1e-5)
    assert found.unused == ()
    np.savez(path, pred_vertices=turned, pred_cam_t=middle[:1], faces=mesh.faces)
    with pytest.raises(FileError, match=r"'pred_cam_t' has shape \(1, 3\), expected \(2, 3\)"):
        load_motion(path)


def test_what_leads_is_known_by_its_contents(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert file_kind(files["mapping"]).words == "a correspondence by triangles of its source"
    assert main(["info", str(files["mapping"])]) == 0
    assert "10475 vertices" in capsys.readouterr().out
    assert main(["info", str(files["clip"])]) == 0
    assert "of a topology of their own" in " ".join(capsys.readouterr().out.split())
    with pytest.raises(FileError, match="is a correspondence by triangles of its source"):
        load_motion(files["mapping"])
    # What is no mesh has no use for a rest mesh.
    walk = next(path for path in builtin_motions() if path.name == "walk_poses.npz")
    with pytest.raises(FileError, match="is no meshes, expected no rest mesh"):
        load_motion(walk, Reading(rest_mesh=str(files["rest"])))
    # Whoever walks a folder is told what is missing, and the others are converted.
    (tmp_path / "clips").mkdir()
    shutil.copy(files["clip"], tmp_path / "clips" / "mesh.npz")
    shutil.copy(walk, tmp_path / "clips" / "walk_poses.npz")
    arguments = [
        "convert",
        str(tmp_path / "clips"),
        "-o",
        str(tmp_path / "out"),
        *CONVERT,
        "--preset",
        "fast",
    ]
    assert main(arguments) == 1
    assert "say what leads from it to a body" in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "out" / "walk_stageii.npz").exists()
