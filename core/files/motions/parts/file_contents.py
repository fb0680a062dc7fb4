"""What kind of file it is, with as much of it as tells whose it is."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.containers.array_header import ArrayHeader
from core.files.containers.asked_keys import AskedDict, asking, unused_in
from core.files.containers.joblib_files import may_be_joblib, read_any_pickle
from core.files.containers.npz import is_npy, is_npz, npy_header, npz_headers, read_npz
from core.files.containers.opening import open_to_read
from core.files.containers.pickles import may_be_pickle
from core.files.containers.saved_objects import saved_object
from core.files.containers.torch_files import is_torch, read_torch

FRAME_ENDINGS = (".npz", ".pkl", ".pt", ".npy")
"""Of files that may be a frame each in a folder of them; where there are none, those of `TEXT_ENDINGS`."""
TEXT_ENDINGS = (".json",)


@dataclass(frozen=True, eq=False)
class Contents:
    """A file that may be a motion; remembers which of its keys were asked for.

    Attributes:
        path: the file.
        kind: ``'npz'``, ``'npy'``, ``'pickle'``, ``'torch'``, ``'folder'`` or ``''``, which is none of them.
            What numpy saved of a dict is a pickle.
        value: what a pickle or a torch file holds; the headers of the arrays in an npz, that of an npy; the
            paths of a folder's files by their names.
        held: the arrays of an npz that is not written yet; None where they are in the file.
    """

    path: Path
    kind: str
    value: Any = None
    held: Mapping[str, np.ndarray] | None = None
    _read: set[str] = field(default_factory=set)
    _objects: dict[str, Any] = field(default_factory=dict)
    _files: list[Contents] = field(default_factory=list)

    @classmethod
    def of_arrays(cls, path: Path, arrays: Mapping[str, np.ndarray]) -> Contents:
        """What an npz with these arrays will hold."""
        headers = {key: ArrayHeader(array.shape, array.dtype, False) for key, array in arrays.items()}
        return cls(path, "npz", headers, arrays)

    def __post_init__(self) -> None:
        if self.kind != "npz":
            object.__setattr__(self, "value", asking(self.value))

    @property
    def table(self) -> dict[Any, Any]:
        """What a pickle or torch file holds, or the headers of an npz: empty where that is no dict."""
        return self.value if isinstance(self.value, dict) else {}

    def values(self, keys: Iterable[str]) -> dict[str, Any]:
        """What is under those of the keys that there are, arrays as arrays, whatever the container.

        Raises:
            FileError: it is damaged, or asks for something that is never opened.
        """
        wanted = [key for key in keys if key in self.table]
        self._read.update(wanted)
        if self.kind != "npz":
            return {key: self.table[key] for key in wanted}
        plain = [key for key in wanted if self.table[key].plain]
        found: dict[str, Any] = dict(self._arrays(plain)) if plain else {}
        for key in wanted:
            if key not in found:
                found[key] = self._objects[key] = asking(saved_object(self.path, key))
        return found

    def part(self, key: str) -> dict[Any, Any]:
        """The dict under a key; empty where there is none."""
        there = self.table.get(key)
        if isinstance(there, ArrayHeader):
            there = self.values([key])[key] if there.dtype.hasobject and not there.shape else None
        return there if isinstance(there, dict) else {}

    def read(self, keys: Iterable[str]) -> dict[str, np.ndarray]:
        """The arrays of an npz under these keys, as far as they are there.

        Raises:
            FileError: as `core.files.containers.npz.read_npz`.
        """
        wanted = set(keys)
        self._read.update(wanted)
        return self._arrays(wanted)

    def _arrays(self, keys: Collection[str]) -> dict[str, np.ndarray]:
        if self.held is None:
            return read_npz(self.path, keys)
        return {key: array for key, array in self.held.items() if key in keys}

    def pass_over(self, keys: Iterable[str]) -> None:
        """Keys that say again what others say: nothing is lost where they are not read."""
        self._read.update(keys)

    def forget(self) -> None:
        """Nothing was asked for: what tells whose file it is does not count."""
        self._read.clear()
        self._objects.clear()
        self._files.clear()
        if isinstance(self.value, AskedDict):
            self.value.forget()

    def counts(self, file: Contents) -> None:
        """Keys of a folder's file that nobody asks for are the folder's."""
        self._files.append(file)

    def unused(self) -> tuple[str, ...]:
        """Names of the keys that nobody asked for, those in another's after a dot, sorted."""
        if self.kind == "folder":
            return tuple(sorted({key for file in self._files for key in file.unused()}))
        if self.kind == "npz":
            inner = [f"{key}.{name}" for key, held in self._objects.items() for name in unused_in(held)]
            return tuple(sorted([key for key in self.table if key not in self._read] + inner))
        return tuple(sorted(name for name in unused_in(self.value) if name not in self._read))


def contents_of(path: Path) -> Contents:
    """What the file holds; arrays of an npz, and the numbers of an npy, are not read yet.

    Raises:
        FileError: it cannot be read, is damaged, or asks for something that is never opened.
    """
    if os.path.isdir(path):
        return Contents(path, "folder", _files(path))
    if is_torch(path):
        return Contents(path, "torch", read_torch(path))
    if is_npz(path):
        return Contents(path, "npz", npz_headers(path))
    if is_npy(path):
        header = npy_header(path)
        return (
            Contents(path, "pickle", saved_object(path))
            if header.dtype.hasobject
            else Contents(path, "npy", header)
        )
    with open_to_read(path) as file:
        start = file.read(2)
    if may_be_joblib(start) or may_be_pickle(path):
        return Contents(path, "pickle", read_any_pickle(path))
    return Contents(path, "")


def names_in(folder: Path, endings: Collection[str]) -> list[str]:
    """Names in a folder with one of the endings, in no order; hidden ones are left out.

    Raises:
        FileError: it cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise FileError(folder, f"cannot be read: {error.strerror}") from None
    return [name for name in names if os.path.splitext(name)[1].lower() in endings]


def _files(folder: Path) -> dict[str, Path]:
    """Those that may be frames, in order of their names.

    Raises:
        FileError: there are none.
    """
    found = sorted(names_in(folder, FRAME_ENDINGS)) or sorted(names_in(folder, TEXT_ENDINGS))
    if not found:
        raise FileError(folder, "is a folder, expected a file")
    return {name: folder / name for name in found}
