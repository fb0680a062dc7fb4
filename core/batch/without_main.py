"""New worker processes import what they work with, and nothing of the program that starts them.

Python has a new process run the program's main file once more, but for what stands below
``if __name__ == "__main__":``. A script without that would start to convert in each of its workers, and a
window would bring along all that it imports.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import spawn
from typing import Any

WORKER = "Dask Worker process (from Nanny)"
"""What Dask calls its processes; others are started as ever."""

_lock = threading.Lock()
_asked = 0
_prepared = spawn.get_preparation_data


def _without_main(name: str) -> dict[str, Any]:
    found: dict[str, Any] = _prepared(name)
    if name == WORKER:
        found.pop("init_main_from_name", None)
        found.pop("init_main_from_path", None)
    return found


@contextmanager
def without_main() -> Iterator[None]:
    """Within, whichever thread starts them, processes of Dask's workers do so; may be asked for by several
    threads at once."""
    global _asked
    with _lock:
        _asked += 1
        spawn.get_preparation_data = _without_main
    try:
        yield
    finally:
        with _lock:
            _asked -= 1
            if not _asked:
                spawn.get_preparation_data = _prepared
