"""Faces of one mesh file, as other programs write them, or one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import FileError
from core.files.motions.mesh_faces import mesh_faces
from tests.core.files.motions.mesh_files import obj, ply

POINTS = np.random.default_rng(3).normal(size=(6, 3))
TYPES = {"uchar": "u1", "int": "i4", "uint": "u4", "ushort": "u2"}


def read(folder: Path, name: str, data: bytes) -> np.ndarray | None:
    (folder / name).write_bytes(data)
    return mesh_faces(folder / name, len(POINTS))


def made_ply(faces: list[list[int]], order: str, length: str = "uchar", kind: str = "int") -> bytes:
    """A ``.ply`` whose faces also have a colour, after an element of lists that nobody asks for."""
    name = "ascii" if order == "ascii" else f"binary_{order}_endian"
    header = ["ply", f"format {name} 1.0", "element vertex 6"]
    header += [f"property float {axis}" for axis in "xyz"]
    header += ["element strip 2", "property list uchar int ids"]
    header += [
        f"element face {len(faces)}",
        f"property list {length} {kind} vertex_index",
        "property uchar red",
    ]
    start = "\n".join([*header, "end_header", ""]).encode()
    strips = [[1], [2, 3]]
    if order == "ascii":
        rows = [" ".join(f"{value:.5f}" for value in point) for point in POINTS]
        rows += [f"{len(ids)} {' '.join(map(str, ids))}" for ids in strips]
        rows += [f"{len(ids)} {' '.join(map(str, ids))} 200" for ids in faces]
        return start + "\n".join([*rows, ""]).encode()
    sign = {"little": "<", "big": ">"}[order]
    data = POINTS.astype(f"{sign}f4").tobytes()
    for ids in strips:
        data += np.array([len(ids)], "u1").tobytes() + np.array(ids, f"{sign}i4").tobytes()
    for ids in faces:
        data += np.array([len(ids)], sign + TYPES[length]).tobytes()
        data += np.array(ids, sign + TYPES[kind]).tobytes() + b"\xc8"
    return start + data


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("corner", ["{}", "{}/2", "{}//1", "{}/2/1"])
def test_obj(tmp_path: Path, newline: str, corner: str) -> None:
    rows = [[1, 2, 3], [-1, -2, -6], [2, 3, 4, 5]]
    text = "\n".join("f " + " ".join(corner.format(one) for one in row) for row in rows)
    found = read(tmp_path, "a.obj", obj(POINTS, text, newline))
    np.testing.assert_array_equal(found, [[0, 1, 2], [5, 4, 0], [1, 2, 3], [1, 3, 4]])  # type: ignore[arg-type]
    assert read(tmp_path, "b.obj", obj(POINTS, "")) is None


@pytest.mark.parametrize("order", ["ascii", "little", "big"])
@pytest.mark.parametrize(("length", "kind"), [("uchar", "int"), ("int", "uint"), ("uchar", "ushort")])
def test_ply(tmp_path: Path, order: str, length: str, kind: str) -> None:
    alike = [[0, 1, 2], [2, 1, 5], [3, 4, 5]]
    found = read(tmp_path, "a.ply", made_ply(alike, order, length, kind))
    np.testing.assert_array_equal(found, alike)  # type: ignore[arg-type]
    found = read(tmp_path, "b.ply", made_ply([[0, 1, 2], [2, 3, 4, 5]], order, length, kind))
    np.testing.assert_array_equal(found, [[0, 1, 2], [2, 3, 4], [2, 4, 5]])  # type: ignore[arg-type]


def test_as_refit_writes_them(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read(tmp_path, "a.ply", ply(POINTS)), [[0, 1, 2]])  # type: ignore[arg-type]
    np.testing.assert_array_equal(read(tmp_path, "a.obj", obj(POINTS)), [[0, 1, 2]])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.obj", obj(POINTS, "f 1 2 7"), "has a face with vertex 7, expected ids from 1 to 6"),
        ("a.obj", obj(POINTS, "f 0 1 2"), "has a face with vertex 0, expected ids from 1 to 6"),
        ("a.obj", obj(POINTS, "f 1 2 -7"), "has a face with vertex -7, expected ids from 1 to 6"),
        ("a.obj", obj(POINTS, "f 1 2 x"), "has the face '1 2 x', expected ids of vertices"),
        ("a.obj", obj(POINTS, "f 1 2"), "has a face of 2 corners, expected 3 to 64"),
        ("a.ply", made_ply([[0, 1, 6]], "little"), "has a face with vertex 6, expected ids from 0 to 5"),
        ("a.ply", made_ply([[0, 1, -2]], "big"), "has a face with vertex -2, expected ids from 0 to 5"),
        ("a.ply", made_ply([[0, 1]], "ascii"), "has a face of 2 corners, expected 3 to 64"),
        ("a.ply", made_ply([[0, 1, 2]] * 9, "little")[:-20], "'face' is cut short"),
        ("a.ply", made_ply([[0, 1, 2]] * 9, "ascii")[:-20], "'face' has a row that is no list of vertices"),
    ],
)
def test_what_is_no_face_is_one_sentence(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    with pytest.raises(FileError) as caught:
        read(tmp_path, name, data)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
