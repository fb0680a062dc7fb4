"""What kind of file it is, with as much of it as tells whose it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.files.containers.array_header import ArrayHeader
from core.files.containers.joblib_files import may_be_joblib, read_any_pickle
from core.files.containers.npz import is_npy, is_npz, npy_header, npz_headers, read_npz
from core.files.containers.opening import open_to_read
from core.files.containers.pickles import may_be_pickle
from core.files.containers.saved_objects import saved_object
from core.files.containers.torch_files import is_torch, read_torch


@dataclass(frozen=True, eq=False)
class Contents:
    """A file that may be a motion.

    Attributes:
        path: the file.
        kind: ``'npz'``, ``'npy'``, ``'pickle'``, ``'torch'`` or ``''``, which is none of them. What numpy
            saved of a dict is a pickle.
        value: what a pickle or a torch file holds; the headers of the arrays in an npz, that of an npy.
    """

    path: Path
    kind: str
    value: Any = None

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
        if self.kind != "npz":
            return {key: self.table[key] for key in wanted}
        plain = [key for key in wanted if self.table[key].plain]
        found: dict[str, Any] = dict(read_npz(self.path, plain)) if plain else {}
        return found | {key: saved_object(self.path, key) for key in wanted if key not in found}

    def part(self, key: str) -> dict[Any, Any]:
        """The dict under a key; empty where there is none."""
        there = self.table.get(key)
        if isinstance(there, ArrayHeader):
            there = self.values([key])[key] if there.dtype.hasobject and not there.shape else None
        return there if isinstance(there, dict) else {}


def contents_of(path: Path) -> Contents:
    """What the file holds; arrays of an npz, and the numbers of an npy, are not read yet.

    Raises:
        FileError: it cannot be read, is damaged, or asks for something that is never opened.
    """
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
