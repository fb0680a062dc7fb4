"""Meshes written and read back."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyvista as pv
import trimesh

from core.errors import Cancelled, FileError, RefitError
from core.files.containers import numbered
from core.geometry.up_axis import turned
from core.model.posing import posed
from core.outputs.meshes import mesh_bytes, write_mesh, write_meshes
from tests.core.clip_fits import bodies, clip


@pytest.fixture(scope="module")
def walking():
    motion, body = clip("walk", 0, 12), bodies("built-in").source
    # One by one, as they are written: many at once are summed in another order.
    return motion, body, np.concatenate([posed(motion, body, [frame])[0] for frame in range(12)])


def read_obj(path: Path) -> tuple[np.ndarray, np.ndarray]:
    lines = [line.split() for line in path.read_text().splitlines()]
    vertices = np.array([line[1:] for line in lines if line[0] == "v"], float)
    return vertices, np.array([line[1:] for line in lines if line[0] == "f"], int) - 1


def test_obj_keeps_order_and_metres(walking, tmp_path):
    motion, body, vertices = walking
    write_mesh(tmp_path / "walk.obj", motion, body, 7)
    read, faces = read_obj(tmp_path / "walk.obj")
    np.testing.assert_allclose(read, vertices[7], atol=8e-7)
    np.testing.assert_array_equal(faces, body.faces)


def test_ply_is_exact_and_opens_elsewhere(walking, tmp_path):
    motion, body, vertices = walking
    write_mesh(tmp_path / "walk.ply", motion, body, 7)
    mesh = pv.read(tmp_path / "walk.ply")
    np.testing.assert_array_equal(mesh.points, vertices[7])
    np.testing.assert_array_equal(mesh.faces.reshape(-1, 4)[:, 1:], body.faces)


@pytest.mark.parametrize("suffix", [".obj", ".ply"])
def test_a_folder_of_frames_is_numbered_by_frame(walking, tmp_path, suffix):
    motion, body, vertices = walking
    told = []
    write_meshes(
        tmp_path / "m",
        "walk",
        motion,
        body,
        np.arange(1, 12, 3),
        suffix=suffix,
        progress=lambda *at: told.append(at),
    )
    names = sorted(path.name for path in (tmp_path / "m").iterdir())
    assert names == [f"walk_{frame:06d}{suffix}" for frame in (1, 4, 7, 10)]
    assert told[-1] == (4, 4)
    np.testing.assert_allclose(pv.read(tmp_path / "m" / names[2]).points, vertices[7], atol=8e-7)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    size = (tmp_path / "m" / names[0]).stat().st_size
    assert mesh_bytes(suffix, body.num_vertices, len(body.faces)) == pytest.approx(size, rel=0.2)


@pytest.mark.parametrize("other", ["y", "-y"])
def test_up_axis_turns_and_turns_back(walking, tmp_path, other):
    motion, body, vertices = walking
    write_mesh(tmp_path / "a.ply", motion, body, 0, up_axis=other)
    read = pv.read(tmp_path / "a.ply").points
    assert np.ptp(read[:, 1]) > 1.3
    head, sole = vertices[0][:, 2].argmax(), vertices[0][:, 2].argmin()
    assert (read[head, 1] > read[sole, 1]) == (other == "y")
    assert np.array_equal(turned(turned(read, other, "y"), "y", "-y"), turned(read, other, "-y"))
    np.testing.assert_array_equal(turned(np.asarray(read), other, motion.up_axis), vertices[0])


def test_stopping_leaves_nothing(walking, tmp_path):
    motion, body, _ = walking
    stop = threading.Event()

    def progress(done: int, total: int) -> None:
        if done == 2:
            stop.set()

    with pytest.raises(Cancelled):
        write_meshes(tmp_path / "m", "walk", motion, body, np.arange(12), progress=progress, stop=stop)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_files_is_never_replaced(walking, tmp_path):
    motion, body, _ = walking
    precious = tmp_path / "m" / "thesis.tex"
    precious.parent.mkdir()
    precious.write_text("years")
    with pytest.raises(FileError, match="holds other files"):
        write_meshes(tmp_path / "m", "walk", motion, body, np.arange(2), overwrite=True)
    assert precious.read_text() == "years"


def test_numbered_files_are_replaced_when_asked(walking, tmp_path):
    motion, body, _ = walking
    write_meshes(tmp_path / "m", "walk", motion, body, np.arange(3))
    with pytest.raises(FileError, match="only replaced when asked"):
        write_meshes(tmp_path / "m", "walk", motion, body, np.arange(2))
    write_meshes(tmp_path / "m", "walk", motion, body, np.arange(2), overwrite=True)
    assert len(list((tmp_path / "m").iterdir())) == 2
    assert len(list(tmp_path.iterdir())) == 1


def test_other_formats_and_bad_numbers_are_one_sentence(walking, tmp_path):
    motion, body, _ = walking
    with pytest.raises(RefitError, match=r"\.stl"):
        write_mesh(tmp_path / "walk.stl", motion, body, 0)
    broken = motion.cut(0, 2)
    broken.trans[1] = np.nan
    with pytest.raises(RefitError, match="Frame 1"):
        write_mesh(tmp_path / "walk.obj", broken, body, 1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".obj", ".ply"])
@pytest.mark.parametrize(("up_axis", "words"), [(None, "5411000 300"), ("y", "300 -5411000")])
def test_positions_far_away_say_where_their_origin_is(walking, tmp_path, suffix, up_axis, words):
    motion, body, _ = walking
    far = replace(motion, origin=(448000.0, 5411000.0, 300.0))
    write_mesh(tmp_path / f"far{suffix}", far, body, 2, up_axis=up_axis)
    write_mesh(tmp_path / f"near{suffix}", motion, body, 2, up_axis=up_axis)
    comment = f"{'#' if suffix == '.obj' else 'comment'} origin 448000 {words}\n".encode()
    here, there = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("far", "near"))
    assert here.count(comment) == 1
    assert here.replace(comment, b"") == there
    assert np.abs(pv.read(tmp_path / f"far{suffix}").points).max() < 10


@pytest.mark.parametrize("suffix", [".obj", ".ply"])
def test_target_points_are_what_the_correspondence_gives(walking, tmp_path, suffix):
    motion, _, vertices = walking
    pair = bodies("built-in")
    path = tmp_path / f"points{suffix}"
    write_mesh(path, motion, pair.source, 7, through=pair)
    mesh = trimesh.load_mesh(path, process=False, maintain_order=True)
    there = pair.correspondence.filled
    assert (~there).sum() > 0
    expected = pair.correspondence.matrix @ vertices[7]
    np.testing.assert_allclose(mesh.vertices[there], expected[there], atol=2e-6)
    np.testing.assert_array_equal(mesh.faces, pair.target.faces[there[pair.target.faces].all(1)])
    # What has no counterpart lies within the body, not at the origin of the world.
    assert (mesh.vertices >= expected[there].min(0) - 1e-5).all()
    assert (mesh.vertices <= expected[there].max(0) + 1e-5).all()
    assert f"{(~there).sum()} vertices have no counterpart".encode() in path.read_bytes()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_folder_that_is_replaced_is_there_all_the_time(walking, tmp_path, monkeypatch, at_once):
    """Where the system can exchange two names; elsewhere there is but a moment without it."""
    motion, body, _ = walking
    folder = tmp_path / "p"
    write_meshes(folder, "walk", motion, body, np.arange(4, 6))
    missing = []
    take = os.replace

    def watched(*names):
        take(*names)
        missing.append(not folder.exists())

    monkeypatch.setattr(numbered.os, "replace", watched)
    if not at_once:
        monkeypatch.setattr(numbered, "_exchanged", lambda *_: False)
    elif sys.platform not in ("linux", "darwin"):
        pytest.skip("this system cannot")
    write_meshes(folder, "walk", motion, body, np.arange(4, 7), overwrite=True)
    assert len(list(folder.iterdir())) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["p"]
    assert missing == ([] if at_once else [True, False])


@pytest.mark.parametrize("name", ["000001.jpg", "000001.json", "walk_000001.jpg", "000001.pkl"])
def test_frames_of_others_are_no_folder_to_replace(walking, tmp_path, name):
    motion, body, _ = walking
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / name).write_bytes(b"a frame of a video")
    with pytest.raises(FileError, match="holds other files"):
        write_meshes(folder, "walk", motion, body, np.arange(4, 6), overwrite=True)
    assert (folder / name).read_bytes() == b"a frame of a video"
