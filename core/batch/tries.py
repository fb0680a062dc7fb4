"""How often a thing was begun: what ends its workers is not to end them all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST = 2
"""A thing that so many workers have died over is set aside."""


class SetAside(Exception):
    """As many workers as may have died over it."""


@contextmanager
def tried(path: Path | None, run: str) -> Iterator[None]:
    """Within, a worker does it; unless the block ends, that counts as one that died over it.

    Args:
        path: of a file for this thing alone, on a disk that all workers see; None where nobody counts.
        run: what other runs have begun does not count.

    Raises:
        SetAside: it was begun too often.
    """
    if path is None:
        yield
        return
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    with os.fdopen(handle, "r+b") as file:
        if file.read().split().count(run.encode()) >= MOST:
            raise SetAside
        file.write(f"{run}\n".encode())
    try:
        yield
    finally:
        # Its result may be lost with the worker that holds it, which is no fault of its own.
        path.unlink(missing_ok=True)
