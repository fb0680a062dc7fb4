"""Whatever is in a file of any source: it opens, or says in one sentence why not."""

from __future__ import annotations

import contextlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import FileError
from core.files.motions.load_motion import load_motion, people_in
from core.model.motion import Reading
from core.outputs.describe import describe_file
from tests.core.files.motions.sources.example import examples
from tests.core.files.motions.sources.examples import bedlam

_TYPES = [np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_, np.complex64]
ARRAYS = hnp.arrays(
    st.sampled_from([*_TYPES, np.dtype("U3"), np.dtype("S3")]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
)
LEAVES = st.one_of(
    ARRAYS, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=5)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["betas", "tid", "smpl", "pose", 1]), inner),
    ),
    max_leaves=6,
)
SOURCES = examples()


def places(held: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every value in nested containers is."""
    keys = list(held) if isinstance(held, dict) else range(len(held)) if isinstance(held, list) else ()
    found = [at] if at else []
    for key in keys:
        found += places(held[key], (*at, key))
    return found


def put(held: Any, at: tuple[Any, ...], value: Any) -> None:
    """Puts a value where another was."""
    for key in at[:-1]:
        held = held[key]
    held[at[-1]] = value


def opens_or_says_why(path: Path) -> None:
    """Every way a file is opened."""
    with contextlib.suppress(FileError):
        describe_file(path)
    people = ()
    with contextlib.suppress(FileError):
        people = people_in(path)
    for person in [None, *(one.name for one in people)][:3]:
        for coordinates in (None, "camera"):
            with contextlib.suppress(FileError):
                motion = load_motion(path, Reading(person=person, coordinates=coordinates))
                assert np.isfinite(motion.betas).all()


def check_structure(source: str, folder: Path, data: st.DataObject) -> None:
    """Some values of a good file replaced by others."""
    example = SOURCES[source]
    held = example.make()
    for _ in range(data.draw(st.integers(1, 3))):
        there = places(held)
        if there:
            put(held, data.draw(st.sampled_from(there)), data.draw(VALUES))
    if not isinstance(held, np.ndarray):
        path = folder / f"fuzz{example.ending}"
        path.write_bytes(example.write(held))
        opens_or_says_why(path)


def check_labels(folder: Path, change: dict[str, np.ndarray]) -> None:
    """BEDLAM's labels with other arrays."""
    path = folder / "fuzz.npz"
    np.savez(path, **(bedlam() | change))
    opens_or_says_why(path)


LABELS = st.dictionaries(st.sampled_from(sorted(bedlam())), ARRAYS, max_size=3)
QUICK = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("source", SOURCES)
def test_other_values(source: str, tmp_path: Path) -> None:
    QUICK(given(st.data())(lambda data: check_structure(source, tmp_path, data)))()


def test_other_labels(tmp_path: Path) -> None:
    QUICK(given(LABELS)(lambda change: check_labels(tmp_path, change)))()


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_very_many_other_values(source: str, tmp_path: Path) -> None:
    LONG(given(st.data())(lambda data: check_structure(source, tmp_path, data)))()


@pytest.mark.slow
def test_very_many_other_labels(tmp_path: Path) -> None:
    LONG(given(LABELS)(lambda change: check_labels(tmp_path, change)))()


@cache
def _whole(name: str) -> bytes:
    return SOURCES[name].bytes()


def check_bytes(name: str, folder: Path, at: float, patch: bytes, cut: bool) -> None:
    """Some bytes of a good file replaced, or all after them cut off."""
    data = _whole(name)
    where = int(at * (len(data) - 1))
    path = folder / f"fuzz{SOURCES[name].ending}"
    path.write_bytes(data[:where] if cut else data[:where] + patch + data[where + len(patch) :])
    opens_or_says_why(path)


BYTES = (st.floats(0, 1), st.binary(min_size=1, max_size=5), st.booleans())


@pytest.mark.parametrize("name", SOURCES)
def test_other_bytes(name: str, tmp_path: Path) -> None:
    QUICK(given(*BYTES)(lambda at, patch, cut: check_bytes(name, tmp_path, at, patch, cut)))()


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_very_many_other_bytes(name: str, tmp_path: Path) -> None:
    LONG(given(*BYTES)(lambda at, patch, cut: check_bytes(name, tmp_path, at, patch, cut)))()
