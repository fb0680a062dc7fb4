"""What is kept on the disk is believed where it is right, stays within bounds, and may go at any time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.errors import FileError
from core.files.kept import array_store
from core.files.kept.array_store import stored, trim

SHAPE = (3, 4)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REFIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / array_store.FOLDER


class Maker:
    """Makes an array, and counts."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> np.ndarray:
        self.made += 1
        return np.arange(12, dtype=np.float32).reshape(SHAPE)


def ask(make: Maker, seed: float = 1.0, version: int = 1, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return stored("squares", version, [np.full(5, seed), np.arange(3)], shape, make)


def test_it_is_made_once_and_read_after_that(folder: Path) -> None:
    make = Maker()
    assert np.array_equal(ask(make), ask(make))
    assert make.made == 1
    ask(make, seed=2.0)
    ask(make, version=2)
    assert make.made == 3, "of other arrays, or by another version, it is another"
    assert len(list(folder.iterdir())) == 3


def spoil_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def spoil_empty(path: Path) -> None:
    path.write_bytes(b"")


def spoil_values(path: Path) -> None:
    with np.load(path) as arrays:
        held = dict(arrays)
    held["values"][1, 1] += 1
    np.savez(path, **held)


def spoil_shape(path: Path) -> None:
    with np.load(path) as arrays:
        held = dict(arrays)
    np.savez(path, **{**held, "values": held["values"].ravel()})


def spoil_type(path: Path) -> None:
    with np.load(path) as arrays:
        held = dict(arrays)
    np.savez(path, **{**held, "values": held["values"].astype(np.float64)})


def spoil_pickle(path: Path) -> None:
    np.savez(path, values=np.array([{}], dtype=object), sha256=np.array("x"))


def spoil_keys(path: Path) -> None:
    np.savez(path, other=np.zeros(3))


@pytest.mark.parametrize(
    "spoil", [spoil_cut, spoil_empty, spoil_values, spoil_shape, spoil_type, spoil_pickle, spoil_keys]
)
def test_a_spoiled_file_is_made_anew(folder: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    make = Maker()
    expected = ask(make)
    (path,) = folder.iterdir()
    spoil(path)
    assert np.array_equal(ask(make), expected)
    assert make.made == 2
    assert np.array_equal(ask(make), expected)
    assert make.made == 2, "and is right again on the disk"


def test_deleted_meanwhile_it_is_made_again(folder: Path) -> None:
    make = Maker()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            found = [pool.submit(ask, make) for _ in range(4)]
            for path in folder.glob("*"):
                path.unlink(missing_ok=True)
            for each in found:
                assert np.array_equal(each.result(), make())


def test_a_disk_that_takes_nothing_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("REFIT_CACHE", str(tmp_path / "a file" / "below"))
    make = Maker()
    assert np.array_equal(ask(make), ask(make))
    assert make.made == 2

    def full(*_: object, **__: object) -> None:
        raise FileError(tmp_path, "cannot be written: the disk is full")

    monkeypatch.setenv("REFIT_CACHE", str(tmp_path / "full"))
    monkeypatch.setattr(array_store, "atomic_write", full)
    assert ask(make).shape == SHAPE


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path, folder: Path) -> None:
    make = Maker()
    for seed in range(5):
        ask(make, seed=seed)
    for age, path in enumerate(sorted(folder.iterdir())):
        os.utime(path, (1000 - age, 1000 - age))
    other = folder / "somebody's.txt"
    other.write_text("x" * 10_000)
    files = sorted(folder.glob("*.npz"))
    ask(make, seed=0)
    (used,) = [path for path in files if path.stat().st_mtime > 1000]
    assert make.made == 5
    size = used.stat().st_size
    trim(folder, 2 * size + 10)
    oldest_kept = next(path for path in files if path != used)
    assert sorted(folder.glob("*.npz")) == sorted((used, oldest_kept))
    assert other.exists()
