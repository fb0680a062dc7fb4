"""Whatever is in a file of any kind: it opens, or one sentence says why not; nothing in it runs."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import random
import resource
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import RefitError
from tests.core.files.fuzzing import (
    BY_NAME,
    HEAVY,
    IDS,
    KINDS,
    Kind,
    opens_or_says_why,
    places,
    put,
    spoiled,
    whole,
)
from tests.core.files.hostile import CreatesFile, hostile_pickle

NAMES = [kind.name for kind in KINDS]
HEAVY_NAMES = [kind.name for kind in HEAVY]
MANY = int(os.environ.get("REFIT_FUZZ", "2000"))
"""Files of each kind that the slow tests try."""

_TYPES = [
    np.float32,
    np.float64,
    np.float16,
    np.int32,
    np.int64,
    np.uint8,
    np.bool_,
    np.complex64,
    np.dtype(">f4"),
]
ARRAYS = hnp.arrays(
    st.sampled_from([*_TYPES, np.dtype("U3"), np.dtype("S3"), np.dtype("M8[s]"), np.dtype([("a", "f4")])]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=7),
)
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-2, 9), st.floats(), st.text(max_size=6)
)
LEAVES = st.one_of(PLAIN, ARRAYS, st.binary(max_size=5), st.just(2**70), st.just(float("inf")))
KEYS = st.sampled_from(
    ["matrix", "mtx", "ids", "valid", "betas", "J_regressor", "stages", "name", "format", 1]
)


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
        max_leaves=5,
    )


ANYTHING = {"json": nested(PLAIN).filter(lambda value: value == value), "other": nested(LEAVES)}
TEXT_KINDS = {"mask.txt", "recipe.toml", "walk.refit", "mesh.obj", "text.ply", "mesh.ply", "big.ply"}
QUICK = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)
LONG = settings(QUICK, max_examples=max(20, MANY // 5))


def check_structure(kind: Kind, folder: Path, data: st.DataObject) -> None:
    """Some values of a good file replaced by others, or left out, or more put in."""
    held = kind.held()
    values = ANYTHING["json" if kind.name.endswith(".json") else "other"]
    for _ in range(data.draw(st.integers(1, 3))):
        there = list(places(held))
        if isinstance(held, dict) and data.draw(st.booleans()):
            held[data.draw(KEYS.filter(lambda key: isinstance(key, str)))] = data.draw(values)
        elif there:
            put(held, data.draw(st.sampled_from(there)), data.draw(values))
    path = folder / kind.name
    try:
        path.write_bytes(kind.write(held))
    except (TypeError, ValueError, OverflowError, AttributeError, RuntimeError, KeyError):
        return  # nothing that such a file can hold
    opens_or_says_why(kind, path)


def check_bytes(kind: Kind, folder: Path, seed: int) -> None:
    path = folder / kind.name
    path.write_bytes(spoiled(whole(kind.name), random.Random(seed)))
    opens_or_says_why(kind, path)


@pytest.mark.parametrize("name", [*NAMES, *HEAVY_NAMES])
def test_every_file_opens_before_it_is_spoiled(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(whole(name))
    kind = BY_NAME[name]
    kind.readers[0](path)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TEXT_KINDS])
def test_other_values(name: str, tmp_path: Path) -> None:
    QUICK(given(st.data())(lambda data: check_structure(BY_NAME[name], tmp_path, data)))()


@pytest.mark.parametrize("name", NAMES)
def test_other_bytes(name: str, tmp_path: Path) -> None:
    for seed in range(40):
        check_bytes(BY_NAME[name], tmp_path, seed)


@pytest.mark.parametrize("name", HEAVY_NAMES)
def test_other_bytes_of_models(name: str, tmp_path: Path) -> None:
    for seed in range(3):
        check_bytes(BY_NAME[name], tmp_path, seed)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [name for name in NAMES if name not in TEXT_KINDS])
def test_very_many_other_values(name: str, tmp_path: Path) -> None:
    LONG(given(st.data())(lambda data: check_structure(BY_NAME[name], tmp_path, data)))()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [*NAMES, *HEAVY_NAMES])
def test_very_many_other_bytes(name: str, tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(100, 100 + (MANY if name in NAMES else MANY // 40)):
        try:
            check_bytes(BY_NAME[name], tmp_path, seed)
        except Exception as error:
            raise AssertionError(f"seed {seed} of {name}") from error
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 2**20, f"{grown // 1024} MB more"


def check_slots(kind: Kind, folder: Path, most: int) -> None:
    """An object that would run when opened the unsafe way, in every place and in arrays of objects."""
    marker, path = folder / "created", folder / kind.name
    evil = CreatesFile(marker)
    there = list(places(kind.held()))
    for at in there[:: 1 + len(there) // most]:
        for value in (evil, np.array([evil, None], dtype=object), [{"deep": (evil,)}]):
            held = kind.held()
            put(held, at, value)
            try:
                path.write_bytes(kind.write(held))
            except TypeError:
                continue  # no such thing in a json
            opens_or_says_why(kind, path)
            assert not marker.exists(), at


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TEXT_KINDS])
def test_nothing_runs_in_any_slot(name: str, tmp_path: Path) -> None:
    check_slots(BY_NAME[name], tmp_path, 7)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["result.npz", *HEAVY_NAMES])
def test_nothing_runs_in_all_slots(name: str, tmp_path: Path) -> None:
    check_slots(BY_NAME[name], tmp_path, 1000)


@pytest.mark.parametrize("name", [*NAMES, *HEAVY_NAMES])
def test_nothing_runs_that_is_no_such_file_at_all(name: str, tmp_path: Path) -> None:
    marker, kind = tmp_path / "created", BY_NAME[name]
    path = tmp_path / name
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        for member in ("a/data.pkl", "poses.npy", "session.json", "refit_session.npy", "mtx.npy"):
            members.writestr(member, hostile_pickle(marker))
    array = io.BytesIO()
    np.save(array, np.array([CreatesFile(marker)], dtype=object), allow_pickle=True)
    for data in (
        hostile_pickle(marker),
        hostile_pickle(marker, 4),
        archive.getvalue(),
        array.getvalue(),
        b"",
    ):
        path.write_bytes(data)
        assert not opens_or_says_why(kind, path) or name == "mask.txt"
        assert not marker.exists()
    for place in (tmp_path, tmp_path / "missing" / name):
        assert not opens_or_says_why(kind, place)


def test_the_unsafe_way_would_have_run(tmp_path: Path) -> None:
    pickle.loads(hostile_pickle(tmp_path / "created"))  # noqa: S301  (that is the point)
    assert (tmp_path / "created").exists()


@pytest.mark.parametrize(
    "name", ["motion.npz", "dense.npz", "mask.npz", "result.npz", "walk.refit", "model.npz", "vertices.npz"]
)
def test_bombs(name: str, tmp_path: Path) -> None:
    """A few kilobytes that claim to be gigabytes: refused before memory is taken."""
    kind, path = BY_NAME[name], tmp_path / name
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 33,)}
    )
    with zipfile.ZipFile(io.BytesIO(whole(name))) as good:
        names = good.namelist()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in names:
            archive.writestr(member, header.getvalue() + bytes(1 << 22))
    assert path.stat().st_size < 1 << 21
    assert not opens_or_says_why(kind, path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200 * 1024, f"{grown // 1024} MB more"


def test_pickles_that_claim_gigabytes(tmp_path: Path) -> None:
    kinds = [kind for kind in KINDS if kind.name.endswith(".pkl")]
    size = struct.pack("<Q", 1 << 40)
    for data in (b"\x80\x05\x96" + size + b".", b"\x80\x04\x8e" + size + b".", b"\x80\x04\x8d" + size + b"."):
        for kind in kinds:
            path = tmp_path / kind.name
            path.write_bytes(data)
            with contextlib.suppress(RefitError):
                assert not opens_or_says_why(kind, path)


def test_what_was_found_and_put_right(tmp_path: Path) -> None:
    """Files on which a reader once fell over; the rest are with the tests of the readers they were for."""
    joints = BY_NAME["joints.json"]
    for family in ({"a": 1}, [], None):
        path = tmp_path / joints.name
        path.write_bytes(joints.write(joints.held() | {"family": family}))
        assert not opens_or_says_why(joints, path)
    for name in ("motion.npz", "result.npz"):
        kind, path = BY_NAME[name], tmp_path / name
        held = kind.held() | {"gender": np.frombuffer(b"\xff\xff\xff\x7f", "<U1")}
        path.write_bytes(kind.write(held))
        assert not opens_or_says_why(kind, path), "characters that there are not"
    signalling = np.frombuffer(b"\x01\x00\x00\x00\x00\x00\xf0\x7f" * 9).reshape(3, 3)
    clip, path = BY_NAME["motion.npz"], tmp_path / "motion.npz"
    path.write_bytes(clip.write(clip.held() | {"trans": signalling}))
    opens_or_says_why(clip, path)  # numbers that are none, and that warn of it when they are copied
    masks, path = BY_NAME["mask.pkl"], tmp_path / "mask.pkl"
    for held in ({3: IDS}, {(1, 2): IDS}, [[1], [2, 3]]):
        path.write_bytes(masks.write(held))
        assert not opens_or_says_why(masks, path)
    for strange in ("N" * 100_000, "a\nb\x1b[2J"):
        path = tmp_path / joints.name
        path.write_bytes(joints.write(joints.held() | {"joints": [{"joint": strange}]}))
        assert not opens_or_says_why(joints, path), (
            "a joint that there is not, in one sentence that can be read"
        )
