"""What kind of file it is, with as much of it as tells whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.files.containers.joblib_files import may_be_joblib, read_any_pickle
from core.files.containers.npz import is_npy, is_npz, npy_header, npz_headers
from core.files.containers.opening import open_to_read
from core.files.containers.pickles import may_be_pickle
from core.files.containers.torch_files import is_torch, read_torch


@dataclass(frozen=True, eq=False)
class Contents:
    """A file that may be a motion.

    Attributes:
        path: the file.
        kind: ``'npz'``, ``'npy'``, ``'pickle'``, ``'torch'`` or ``''``, which is none of them.
        value: what a pickle or a torch file holds; the headers of the arrays in an npz, that of an npy.
    """

    path: Path
    kind: str
    value: Any = None

    @property
    def table(self) -> dict[Any, Any]:
        """What a pickle or torch file holds, or the headers of an npz: empty where that is no dict."""
        return self.value if isinstance(self.value, dict) else {}


def contents_of(path: Path) -> Contents:
    """What the file holds; arrays of an npz or npy are not read yet.

    Raises:
        FileError: it cannot be read, is damaged, or asks for something that is never opened.
    """
    if is_npz(path):
        return Contents(path, "torch", read_torch(path)) if is_torch(path) else _npz(path)
    if is_npy(path):
        return Contents(path, "npy", npy_header(path))
    with open_to_read(path) as file:
        start = file.read(2)
    if may_be_joblib(start) or may_be_pickle(path):
        return Contents(path, "pickle", read_any_pickle(path))
    return Contents(path, "")


def _npz(path: Path) -> Contents:
    return Contents(path, "npz", npz_headers(path))
