"""Motions that are meshes: vertices in an npz, and folders of files in the order of their numbers."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from core.errors import FileError
from core.files.motions.load_motion import load_motion, motion_source, people_in, survey
from core.model.motion import Reading, motion_of_meshes
from core.model.posing import posed
from core.outputs.describe import describe_file
from core.outputs.meshes import write_meshes
from tests.core.clip_fits import bodies, clip
from tests.core.files.motions.mesh_files import obj, ply

COUNT = 6890
FRAMES = 3
RNG = np.random.default_rng(11)
MESHES = RNG.normal(size=(FRAMES, COUNT, 3)).astype(np.float32)


def folder_of(
    place: Path, meshes: np.ndarray, names: list[str], write: Callable[[np.ndarray], bytes]
) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for mesh, name in zip(meshes, names, strict=True):
        (place / name).write_bytes(write(mesh))
    return place


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ">f8"])
def test_vertices_in_an_npz(save, kind) -> None:  # type: ignore[no-untyped-def]
    path = save({"vertices": MESHES.astype(kind), "mocap_framerate": 25.0, "gender": "female"})
    motion = load_motion(path)
    np.testing.assert_array_equal(motion.vertices, MESHES.astype(kind).astype(np.float32))
    assert (motion.family, motion.gender, motion.frame_rate) == ("smplh", "female", 25.0)
    assert not motion.has_poses
    assert len(motion) == FRAMES
    assert motion.finite_frames().all()
    assert "no rotations" in motion.notes[0]
    assert motion_source(path) == "meshes"
    assert [person.frames for person in people_in(path)] == [FRAMES]
    assert not survey(path).lacks_rate
    assert dict(describe_file(path))["Kind"] == "meshes over time, of SMPL or SMPL-H"


def test_what_is_never_opened_beside_vertices_is_not_said(save) -> None:  # type: ignore[no-untyped-def]
    path = save({"vertices": MESHES, "gender": np.array([{}]), "mocap_framerate": 25.0})
    motion, found = load_motion(path), survey(path)
    assert "'gender' is a pickled Python object, which is never opened." in motion.notes
    assert motion.unused == ("gender",)
    assert (found.lacks_rate, found.lacks_gender) == (False, True)
    assert (motion.frame_rate, motion.gender) == (25.0, None)


def test_vertices_in_fortran_order_and_compressed(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", vertices=np.asfortranarray(MESHES))
    np.testing.assert_array_equal(load_motion(tmp_path / "a.npz").vertices, MESHES)


def test_vertices_of_smplx(save) -> None:  # type: ignore[no-untyped-def]
    motion = load_motion(save({"vertices": np.zeros((1, 10475, 3))}))
    assert motion.family == "smplx"


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (
            {"vertices": np.zeros((2, 6891, 3))},
            "has 6891 vertices, expected 6890 or 10475, as the bodies have",
        ),
        ({"vertices": np.zeros((6890, 3))}, "has shape (6890, 3)"),
        ({"vertices": np.zeros((0, 6890, 3))}, "holds no frames"),
        ({"vertices": np.zeros((1, 6890, 3), complex)}, "expected numbers"),
        ({"vertices": np.full((1, 6890, 3), "a")}, "expected numbers"),
        ({"vertices": np.full((1, 6890, 3), None)}, "expected numbers"),
        ({"vertices": MESHES, "gender": "robot"}, "expected male, female or neutral"),
        ({"vertices": MESHES, "mocap_frame_rate": -1.0}, "expected frames a second above 0"),
    ],
)
def test_other_vertices_are_refused(save, refuses, arrays, said) -> None:  # type: ignore[no-untyped-def]
    assert said in refuses(load_motion, save(arrays))


@pytest.mark.parametrize(("suffix", "write"), [(".obj", obj), (".ply", ply)])
def test_a_folder_in_the_order_of_its_numbers(tmp_path: Path, suffix: str, write) -> None:  # type: ignore[no-untyped-def]
    names = [f"frame_{number}{suffix}" for number in (10, 2, 1)]
    folder = folder_of(tmp_path / "walk.v2", MESHES, names, write)
    for other in ("readme.txt", ".hidden" + suffix, "body.mtl"):
        (folder / other).write_bytes(b"?")
    motion = load_motion(folder, Reading(frame_rate=30.0, gender="male", up_axis="y"))
    np.testing.assert_allclose(motion.vertices, MESHES[::-1], atol=1e-6)
    assert (motion.frame_rate, motion.gender, motion.up_axis) == (30.0, "male", "y")
    assert motion.reading == Reading(frame_rate=30.0, gender="male", up_axis="y")
    assert (survey(folder).lacks_rate, survey(folder).lacks_gender) == (True, True)
    assert motion_source(folder) == "meshes"
    told = dict(describe_file(folder))
    assert (told["Folder"], told["Frames"], told["Frame rate"]) == ("walk.v2", "3", "not in the file")
    assert "leave gaps" in " ".join(motion.notes)
    alone = load_motion(folder / names[0])
    np.testing.assert_allclose(alone.vertices, MESHES[:1], atol=1e-6)
    assert motion_source(alone.path) == "meshes"
    assert survey(alone.path).people[0].frames == 1
    assert dict(describe_file(alone.path))["File"] == names[0]


def test_what_meshes_do_not_say_is_not_invented(tmp_path: Path) -> None:
    motion = load_motion(folder_of(tmp_path / "a", MESHES[:1], ["1.ply"], ply))
    assert (motion.frame_rate, motion.gender, len(motion.betas)) == (None, None, 0)
    said = " ".join(motion.notes)
    for word in ("gender", "frame rate", "which axis is up"):
        assert word in said


def test_a_folder_has_a_checksum_of_names_and_contents(tmp_path: Path) -> None:
    names = ["1.ply", "2.ply", "3.ply"]
    one = load_motion(folder_of(tmp_path / "a", MESHES, names, ply)).sha256
    assert load_motion(folder_of(tmp_path / "b", MESHES, names, ply)).sha256 == one
    assert load_motion(folder_of(tmp_path / "c", MESHES, ["1.ply", "2.ply", "4.ply"], ply)).sha256 != one
    assert load_motion(folder_of(tmp_path / "d", MESHES[::-1], names, ply)).sha256 != one


def broken_folder(place: Path, what: str) -> Path:
    folder = folder_of(place, MESHES, ["1.ply", "2.ply", "3.ply"], ply)
    if what == "count":
        (folder / "2.ply").write_bytes(ply(MESHES[0, :-1]))
    elif what == "scan":
        faceless = partial(obj, faces="")
        return folder_of(place.with_name("scan"), np.zeros((2, 12, 3)), ["1.obj", "2.obj"], faceless)
    elif what == "mixed":
        (folder / "2.obj").write_bytes(obj(MESHES[0]))
    elif what == "cut":
        (folder / "3.ply").write_bytes(ply(MESHES[0])[:50_000])
    elif what == "folder":
        (folder / "3.ply").unlink()
        (folder / "3.ply").mkdir()
    elif what == "link":
        (folder / "3.ply").unlink()
        (folder / "3.ply").symlink_to("nowhere.ply")
    elif what == "pipe":
        (folder / "3.ply").unlink()
        os.mkfifo(folder / "3.ply")
    return folder


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("count", "2.ply: has 6889 vertices, expected 6890 as 1.ply has"),
        ("scan", "scan: has 12 vertices, expected 6890 or 10475, as the bodies have, or faces beside them"),
        ("mixed", "broken: has 1 .obj and 3 .ply files, expected meshes of one kind"),
        ("cut", "3.ply: 'vertex' is cut short"),
        ("folder", "3.ply: is a folder, expected a file"),
        ("link", "3.ply: there is no such file"),
        ("pipe", "3.ply: is not a regular file"),
    ],
)
def test_a_broken_folder_is_one_sentence_that_names_the_file(tmp_path: Path, what: str, said: str) -> None:
    with pytest.raises(FileError) as caught:
        load_motion(broken_folder(tmp_path / "broken", what))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_meshes_is_a_folder(tmp_path: Path) -> None:
    for reader in (load_motion, describe_file, survey, motion_source):
        with pytest.raises(FileError, match="is a folder, expected a file"):
            reader(tmp_path)


def test_frames_with_numbers_that_are_none_are_listed(save) -> None:  # type: ignore[no-untyped-def]
    meshes = MESHES.copy()
    meshes[0, 17, 1], meshes[2, 0, 0] = np.nan, 1e30
    motion = load_motion(save({"vertices": meshes}))
    np.testing.assert_array_equal(motion.finite_frames(), [False, True, False])
    assert "Frames 0, 2 of 3" in motion.notes[-1]


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (Reading(person="2"), "no choice of person"),
        (Reading(frame_rate=30.0, fps=60.0), "no rotations to resample"),
    ],
)
def test_what_makes_no_sense_for_meshes_is_said(save, reading, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FileError, match=said):
        load_motion(save({"vertices": MESHES}), reading)


def test_parameters_come_before_vertices(save, amass) -> None:  # type: ignore[no-untyped-def]
    assert load_motion(save(amass | {"vertices": MESHES})).has_poses


def test_up_is_where_bodies_stand(tmp_path: Path) -> None:
    body = bodies("built-in").source
    for name in ("walk", "dance", "range_of_motion", "spinkick"):
        motion = clip(name, 0, 24)
        for axis in ("z", "y", "-y"):
            write_meshes(
                tmp_path / f"{name}{axis}",
                name,
                motion,
                body,
                np.arange(0, 24, 8),
                suffix=".ply",
                up_axis=axis,
            )
            assert load_motion(tmp_path / f"{name}{axis}").up_axis == axis, (name, axis)
    lying = posed(motion, body, slice(0, 8))[0][..., [2, 0, 1]]
    np.savez(tmp_path / "lying.npz", vertices=lying)
    assert "do not stand" in " ".join(load_motion(tmp_path / "lying.npz").notes)


def test_frames_are_cut_and_picked() -> None:
    motion = motion_of_meshes("smplh", MESHES)
    np.testing.assert_array_equal(motion.cut(1, None).vertices, MESHES[1:])
    assert motion.cut(1, None).start == 1
    np.testing.assert_array_equal(motion.some(np.array([2, 0])).vertices, MESHES[[2, 0]])
    np.testing.assert_allclose(motion.trans, MESHES.mean(1), atol=1e-6)


def test_memory_holds_the_meshes_once_as_float32(tmp_path: Path) -> None:
    frames = 150
    np.savez(tmp_path / "a.npz", vertices=np.zeros((frames, COUNT, 3)))
    folder = folder_of(tmp_path / "b", MESHES[[0] * frames], [f"{n}.ply" for n in range(frames)], ply)
    for path in (tmp_path / "a.npz", folder):
        tracemalloc.start()
        motion = load_motion(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert motion.vertices is not None
        assert peak < motion.vertices.nbytes + (100 << 20), f"{peak >> 20} MB"


def test_a_bomb_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    for frames, said in (
        (10**8, "frames of 6890 vertices"),
        (40_000, "needs more memory"),
        (9_000, "is cut short"),
    ):
        header = io.BytesIO()
        told = {"descr": "<f4", "fortran_order": False, "shape": (frames, COUNT, 3)}
        np.lib.format.write_array_header_1_0(header, told)
        with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("vertices.npy", header.getvalue() + bytes(1 << 22))
        tracemalloc.start()
        with pytest.raises(FileError, match=said):
            load_motion(tmp_path / "bomb.npz")
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
        tracemalloc.stop()
