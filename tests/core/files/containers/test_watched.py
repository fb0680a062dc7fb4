"""A read that nobody wants any more ends before the file does."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import Cancelled
from core.files.containers.joblib_files import read_any_pickle
from core.files.containers.npz import read_float32, read_npz
from core.files.containers.opening import checksum, watched
from core.files.containers.torch_files import read_torch
from tests.core.files.containers.joblib_writer import joblib_bytes

MANY = [float(n) for n in range(100_000)]


def write_torch(path: Path) -> None:
    torch.save({"many": MANY}, path)


@pytest.mark.parametrize(
    ("read", "write"),
    [
        (read_npz, lambda path: np.savez(path, a=np.zeros(1 << 22), b=np.zeros(1 << 22))),
        (lambda path: read_float32(path, "a"), lambda path: np.savez(path, a=np.zeros(1 << 23))),
        (checksum, lambda path: path.write_bytes(bytes(1 << 23))),
        (read_any_pickle, lambda path: path.write_bytes(pickle.dumps(MANY, 2))),
        (read_any_pickle, lambda path: path.write_bytes(joblib_bytes(MANY, "zlib"))),
        (read_torch, write_torch),
    ],
    ids=["npz", "float32", "checksum", "pickle", "joblib", "torch"],
)
def test_a_read_ends(tmp_path: Path, read: Callable[[Path], object], write: Callable[[Path], object]) -> None:
    path = tmp_path / "large.npz"
    write(path)
    asked = 0

    def third_time() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise Cancelled

    with watched(third_time), pytest.raises(Cancelled):
        read(path)
    assert asked == 3
    read(path)
    assert asked == 3
