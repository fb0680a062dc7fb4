"""Python objects that numpy saved: a dict in an ``.npy``, or among the arrays of an ``.npz``.

Inside each is a pickle. It goes through the same reader as any other, so that nothing in it can run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.containers.bounds import Bounds
from core.files.containers.npz import pickled_bytes
from core.files.containers.opening import open_to_read
from core.files.containers.pickles import unpickled
from core.files.containers.tensors import TENSORS

MOST_BYTES = 1 << 30
"""No such object may be larger."""


def saved_object(path: str | Path, key: str | None = None) -> Any:
    """What numpy saved: a dict, a list, or an array of objects, with NumPy arrays in place of tensors.

    Args:
        path: an ``.npz``, or an ``.npy`` where there is no ``key``.
        key: of the array of objects.

    Raises:
        FileError: there is none, it is damaged, or asks for what is never opened, named in the message.
    """
    data = pickled_bytes(path, key, MOST_BYTES)
    try:
        with open_to_read(path) as file:
            bounds = Bounds(file)
        found = unpickled(path, data, bounds, names=TENSORS)
    except FileError as error:
        raise FileError(path, error.problem, key=key) from None
    return found[()] if isinstance(found, np.ndarray) and not found.ndim else found
