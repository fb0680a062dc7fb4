"""Meshes far from the origin of their world: worked with from one of their own, given back in their world."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.files.motions.conventions import from_origin
from core.files.motions.load_motion import load_motion
from core.files.motions.mesh_readers import told_origin
from core.model.motion import Motion, Reading, motion_of_meshes
from core.outputs.meshes import write_meshes
from core.session.reading_of_fit import from_origin_of_fit
from core.world_origin import far_note
from tests.core.clip_fits import bodies
from tests.core.files.motions.mesh_files import obj, ply
from tests.core.files.motions.test_mesh_motions import COUNT, MESHES, folder_of
from tests.core.outputs.test_results import make_result

Save = Callable[..., Path]
FAR = np.array([691000.0, 5335000.0, 520.0])
ORIGIN = (691000.0, 5335000.0, 0.0)


def written(form: str, folder: Path, places: np.ndarray) -> Path:
    """Meshes (T, V, 3) float64 in a file or folder of a form."""
    if form.startswith("npz"):
        place = folder / "far.npz"
        np.savez(place, vertices=np.asfortranarray(places) if form == "npz columns" else places)
        return place
    write: Callable[[np.ndarray], bytes] = {
        "obj": obj,
        "ply": lambda mesh: ply(mesh, "big", "f8"),
        "ply text": lambda mesh: ply(mesh, "ascii"),
    }[form]
    names = [f"{number:03}.{form.partition(' ')[0]}" for number in range(len(places))]
    return folder_of(folder / "far", places, names, write)


def in_world(motion: Motion) -> np.ndarray:
    assert motion.vertices is not None
    return motion.in_file_world(motion.vertices)


@pytest.mark.parametrize("form", ["npz", "npz columns", "obj", "ply", "ply text"])
@pytest.mark.parametrize("unit", ["m", "cm"])
def test_no_digits_are_lost(tmp_path: Path, form: str, unit: str) -> None:
    places, factor = MESHES + FAR, {"m": 1.0, "cm": 0.01}[unit]
    motion = load_motion(written(form, tmp_path, places / factor), Reading(unit=unit))
    assert motion.origin == ORIGIN
    assert far_note(ORIGIN) in motion.notes
    assert motion.finite_frames().all()
    np.testing.assert_allclose(in_world(motion), places, rtol=0, atol=1e-4)  # of float32 at 520 m
    np.testing.assert_allclose(in_world(motion)[..., :2], places[..., :2], rtol=0, atol=1e-6)


def test_where_the_first_meshes_are_none(tmp_path: Path) -> None:
    places = np.full((200, COUNT, 3), np.nan)
    places[198:] = MESHES[:2] + FAR
    for form, some in (("npz", places), ("npz columns", places[190:]), ("obj", places[197:])):
        motion = load_motion(written(form, tmp_path, some))
        assert motion.origin == ORIGIN
        assert np.flatnonzero(motion.finite_frames()).tolist() == [len(some) - 2, len(some) - 1]


def test_near_ones_stay_as_they_are(save: Save) -> None:
    motion = load_motion(save({"vertices": MESHES + np.array([900.0, 0, 0])}))
    assert motion.origin is None
    np.testing.assert_array_equal(motion.vertices, np.float32(MESHES + np.array([900.0, 0, 0])))
    wild = MESHES.copy()
    wild[0, :3] = 1e30
    assert load_motion(save({"vertices": wild})).origin is None


def test_digits_that_a_file_does_not_have_are_told(save: Save, refuses: Callable[..., str]) -> None:
    for kind in (np.float32, np.float64):
        rounded = np.float32(MESHES + np.array([691000.0, 535000.0, 0.0])).astype(kind)
        motion = load_motion(save({"vertices": rounded}))
        (note,) = [note for note in motion.notes if "32 bits" in note]
        assert note.startswith("The meshes lie 69")
        assert "steps of 62 mm" in note
        np.testing.assert_array_equal(in_world(motion), rounded.astype(np.float64))
    assert "no body is left" in refuses(load_motion, save({"vertices": np.float32(MESHES + FAR)}))


@pytest.mark.parametrize("suffix", [".obj", ".ply"])
def test_what_is_exported_comes_back_in_its_world(tmp_path: Path, suffix: str) -> None:
    motion = load_motion(written("npz", tmp_path, MESHES + FAR))
    write_meshes(tmp_path / "out", "far", motion, bodies("built-in").source, np.arange(3), suffix=suffix)
    back = load_motion(tmp_path / "out")
    assert back.origin == motion.origin
    words = "A comment in the files says that their origin lies at (691000, 5335000, 0)."
    assert words in back.notes
    np.testing.assert_allclose(in_world(back), in_world(motion), rtol=0, atol=1e-6)


def test_files_that_tell_different_origins_are_in_one_world(tmp_path: Path) -> None:
    folder = written("obj", tmp_path, MESHES)
    for number, file in enumerate(sorted(folder.iterdir())):
        data = obj(MESHES[number] - np.array([number, 0, 0]))
        file.write_bytes(f"# origin {5000 + number} 0 0\n".encode() + data)
    motion = load_motion(folder)
    assert motion.origin == (5000.0, 0.0, 0.0)
    np.testing.assert_allclose(motion.vertices, MESHES, atol=1e-5)


@pytest.mark.parametrize(
    "line", ["origin 1 2", "origin 1 2 3 4", "origin a b c", "origin nan 0 0", "origin 1e20 0 0", "origins"]
)
def test_other_comments_say_nothing(line: str) -> None:
    mesh = MESHES[0, :3]
    assert told_origin(f"# {line}\n".encode() + obj(mesh)) is None
    assert told_origin(ply(mesh).replace(b"made by something", line.encode())) is None


def test_comments_after_the_vertices_say_nothing() -> None:
    mesh = MESHES[0, :3]
    for data in (obj(mesh), ply(mesh, "ascii")):
        assert told_origin(data + b"# origin 1 2 3\ncomment origin 1 2 3\n") is None
    assert told_origin(b"# origin 1 2 3\r\n" + obj(mesh)).tolist() == [1, 2, 3]  # type: ignore[union-attr]


def test_a_fit_of_an_earlier_version_had_no_origin(tmp_path: Path) -> None:
    near = load_motion(written("npz", tmp_path, MESHES + np.array([5000.0, 0, 0])))
    assert near.origin == (5000.0, 0.0, 0.0)
    moved = from_origin_of_fit(near, make_result())
    assert moved.origin is None
    assert not any("far from the origin" in note for note in moved.notes)
    np.testing.assert_array_equal(moved.vertices, np.float32(in_world(near)))
    np.testing.assert_allclose(moved.trans, in_world(near).mean(1), atol=1e-3)
    plain = motion_of_meshes("smplh", MESHES)
    assert from_origin(plain, None) is plain
