"""One mesh file: its vertices in its own order, or one sentence."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from core.errors import FileError
from core.files.motions.mesh_readers import have_gaps, mesh_vertices
from core.files.motions.parts.numbered_names import natural
from tests.core.files.motions.mesh_files import obj, ply

RNG = np.random.default_rng(7)
# Two of them in one place: a reader that merges vertices would lose one.
POINTS = np.repeat(RNG.normal(size=(6, 3)), 2, axis=0).astype(np.float32)


def read(folder: Path, name: str, data: bytes) -> np.ndarray:
    (folder / name).write_bytes(data)
    return mesh_vertices(folder / name)


def refused(folder: Path, name: str, data: bytes) -> str:
    with pytest.raises(FileError) as caught:
        read(folder, name, data)
    message = str(caught.value)
    assert message.startswith(str(folder / name))
    assert "\n" not in message
    return message


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("faces", ["f 1 2 3", "f 1/2/3 2/2/2 3/1/1", "f 1//1 2//1 3//1", "f -3 -2 -1"])
def test_obj(tmp_path: Path, newline: str, faces: str) -> None:
    np.testing.assert_allclose(read(tmp_path, "a.obj", obj(POINTS, faces, newline)), POINTS, atol=1e-6)


@pytest.mark.parametrize("extra", ["1.0", "0.1 0.2 0.3", "1.0 0.1 0.2 0.3"])
def test_obj_with_weights_and_colours(tmp_path: Path, extra: str) -> None:
    text = "".join(f"  v\t{x} {y} {z} {extra}\n" for x, y, z in POINTS.tolist())
    np.testing.assert_allclose(read(tmp_path, "A.OBJ", text.encode()), POINTS, rtol=1e-6)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("order", "kind"), [("ascii", "f4"), ("little", "f4"), ("big", "f4"), ("big", "f8")])
def test_ply(tmp_path: Path, order: str, kind: str, newline: str) -> None:
    found = read(tmp_path, "a.ply", ply(POINTS, order, kind, newline))
    np.testing.assert_allclose(found, POINTS, atol=1e-6)
    assert found.dtype == np.float32


def test_ply_with_other_rows_before_its_vertices(tmp_path: Path) -> None:
    head = "ply\nformat {} 1.0\nelement camera 2\nproperty float a\nelement vertex 1\n"
    head += "property double z\nproperty double x\nproperty double y\nend_header\n"
    little = head.format("binary_little_endian").encode() + bytes(8) + np.array([3.0, 1, 2], "<f8").tobytes()
    text = (head.format("ascii") + "7\n8\n3 1 2").encode()
    for data in (little, text):
        np.testing.assert_array_equal(read(tmp_path, "a.ply", data), [[1, 2, 3]])


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.stl", b"solid", "ends in .obj or .ply"),
        ("a.obj", b"", "has no vertices"),
        ("a.obj", b"v 1 2\n", "expected three numbers"),
        ("a.obj", b"v 1 2 3\nv 1 2 x\n", "'vertex 1' is '1 2 x', expected 3 numbers"),
        ("a.obj", b"v 1 2 3\nv 1 2\nv 1 2 3 4\n", "'vertex 1' is '1 2', expected 3 numbers"),
        ("a.obj", b"v 1 2 3\nv \x1b[2J 2 3\n", "is '?[2J 2 3'"),
        ("a.ply", b"", "no header"),
        ("a.ply", b"ply\nformat ascii 1.0\nelement vertex 3\n", "no header"),
        ("a.ply", b"ply\nelement vertex 0\nend_header\n", "does not say its format"),
        ("a.ply", b"ply\nformat ascii 1.0\nend_header\n", "no element 'vertex'"),
        ("a.ply", b"ply\nformat middle_endian 1.0\nend_header\n", "which ply does not know"),
        ("a.ply", b"ply\nformat ascii 1.0\nelement vertex -3\nend_header\n", "which ply does not know"),
        (
            "a.ply",
            b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n",
            "x, y and z",
        ),
        ("a.ply", ply(POINTS)[:-40], "is cut short"),
        ("a.ply", ply(POINTS, "ascii")[:-60], "is cut short"),
        ("a.ply", ply(POINTS, "ascii").replace(b" 200\n", b"\n", 1), "expected 4 numbers"),
    ],
)
def test_what_is_no_mesh_is_one_sentence(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    assert said in refused(tmp_path, name, data)


@pytest.mark.parametrize("order", ["ascii", "little", "big"])
def test_a_header_that_claims_a_million_million_vertices(tmp_path: Path, order: str) -> None:
    data = ply(POINTS, order).replace(b"vertex 12", b"vertex 1000000000000")
    tracemalloc.start()
    assert "more than 1048576 vertices" in refused(tmp_path, "a.ply", data)
    before = data.replace(b"element vertex", b"element other 1000000000000\nproperty int a\nelement vertex")
    assert "1000000000000" in refused(
        tmp_path, "a.ply", before.replace(b"vertex 1000000000000", b"vertex 12")
    )
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_an_obj_of_far_too_many_vertices(tmp_path: Path) -> None:
    assert "more than 1048576 vertices" in refused(tmp_path, "a.obj", b"v 1 1 1\n" * ((1 << 20) + 1))


def test_numbers_that_are_none_stay(tmp_path: Path) -> None:
    found = read(tmp_path, "a.obj", b"v nan 1 2\nv inf 1e300 -1e300\n")
    assert np.isnan(found[0, 0])
    assert np.isinf(found[1]).all()


def test_names_are_sorted_as_people_count() -> None:
    names = ["f10.obj", "f2.obj", "F1.obj", "f01.obj", "a.obj", "10.obj", "9.obj", "9" * 5000 + ".obj"]
    ordered = sorted(names, key=lambda name: (natural(name), name))
    assert [name[:7] for name in ordered] == [
        "9.obj", "10.obj", "9999999", "a.obj", "f01.obj", "F1.obj", "f2.obj", "f10.obj"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "gaps"),
    [
        (["a1", "a2", "a3"], False),
        (["take2_000010", "take2_000020", "take2_000030"], False),
        (["a1", "a2", "a4"], True),
        (["a", "b2", "c7"], False),
        (["a7"], False),
    ],
)
def test_gaps_in_numbers(names: list[str], gaps: bool) -> None:
    assert have_gaps(names) == gaps
