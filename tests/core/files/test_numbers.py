"""Numbers in files that are none, or that nothing is as large as: they reach no sum that warns of them."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import FileError
from core.files.motions.load_motion import load_motion
from core.model.motion import Reading
from core.outputs.results import load_result
from core.outputs.sessions import load_session
from tests.core.files.fuzzing import BY_NAME, KINDS, opens_or_says_why, places, put, whole
from tests.core.files.motions.sources.example import examples
from tests.core.outputs.test_results import make_result

WRONG = (np.inf, -np.inf, np.nan, 3e38, -9e233)
ARRAYS = [kind.name for kind in KINDS if kind.name.endswith((".npz", ".pkl", ".pt", ".ply"))]


def spoiled(array: np.ndarray, seed: int) -> np.ndarray:
    """Some numbers are others, in half of the arrays all of a kind that cancel each other out."""
    chance, held = np.random.default_rng(seed), array.astype(np.float64)
    at = chance.random(held.shape) < (0.02, 0.3, 1.0)[seed % 3]
    held[at] = chance.choice(WRONG[: (2, 5, 5, 3)[seed % 4]], at.sum())
    return held


def floats(held: Any) -> list[tuple[Any, ...]]:
    found = []
    for at in places(held):
        value = held
        for key in at:
            value = value[key]
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
            found.append((at, value))
    return found


@pytest.mark.parametrize("name", ARRAYS)
def test_files_of_all_kinds(name: str, tmp_path: Path) -> None:
    kind, path = BY_NAME[name], tmp_path / name
    for seed, (at, value) in enumerate(floats(kind.held()) * 2):
        held = kind.held()
        put(held, at, spoiled(value, seed))
        path.write_bytes(kind.write(held))
        opens_or_says_why(kind, path)


@pytest.mark.parametrize("name", examples())
def test_motions_of_all_sources(name: str, tmp_path: Path) -> None:
    example = examples()[name]
    path = tmp_path / f"example{example.ending}"
    for seed, (at, value) in enumerate(floats(example.make()) * 2):
        held = example.make()
        put(held, at, spoiled(value, seed))
        path.write_bytes(example.write(held))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for doubts in ("refuse", "tell"):
                try:
                    motion = load_motion(path, Reading(person=None), doubts=doubts)
                except FileError:
                    continue
                assert all(len(note) < 500 for note in motion.notes), motion.notes


def test_figures_of_a_result_that_are_none_are_not_known(tmp_path: Path) -> None:
    path, arrays = tmp_path / "walk.npz", BY_NAME["result.npz"].held()
    for key in ("mean_mm", "median_mm", "p95_mm", "max_mm", "part_mm"):
        wrong = np.array(arrays[f"refit_{key}"], np.float64)
        wrong[:3] = np.array([np.inf, -np.inf, 1e300]).reshape(-1, *[1] * (wrong.ndim - 1))
        np.savez(path, **arrays | {f"refit_{key}": wrong})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = load_result(path)
            result.summary()
            result.part_means()
        assert np.isnan(getattr(result, key)[:3]).all()
        np.testing.assert_array_equal(getattr(result, key)[3:], np.float32(wrong[3:]))


def test_figures_of_a_session_that_are_none_are_not_known(tmp_path: Path) -> None:
    path, out = tmp_path / "walk.refit", io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole("walk.refit"))) as archive, zipfile.ZipFile(out, "w") as changed:
        for name in archive.namelist():
            data = archive.read(name)
            array = np.load(io.BytesIO(data)) if name.endswith(".npy") else None
            if array is not None and array.dtype.kind == "f" and array.shape in ((6,), (6, 6)):
                array = np.where(np.arange(6) % 2, np.inf, -np.inf)[: len(array)] + np.zeros_like(array)
                data = _npy(array)
            changed.writestr(name, data)
    path.write_bytes(out.getvalue())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = load_session(path).now.result
        assert result is not None
        assert np.isnan(result.summary()["median"])


def test_a_fit_without_a_file_says_what_its_figures_are() -> None:
    result = make_result()
    result.median_mm[:2] = np.inf, -np.inf
    result.mean_mm[0] = np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert result.summary()["mean"] == np.inf
        assert np.isnan(result.summary()["median"])


def _npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()
