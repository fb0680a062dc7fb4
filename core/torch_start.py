"""Torch is made ready by the thread that imports it, before any other thread gets it.

The first tensor that torch makes of Python numbers looks up classes of its own: its C++ code holds the guard
of a static variable and imports, in Python. A second thread that makes its first tensor meanwhile waits for
that guard without letting go of the interpreter's lock, which the import needs: both wait for ever, the
likelier the slower imports are, as with PySide6's. Python's own lock on the import of torch has no such trap,
and nobody gets around it. Cheap to import, and so is `core`: torch still comes when it is first needed.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

TORCH = "torch"


def make_ready(torch: ModuleType) -> None:
    """Does what only one thread may be the first to do.

    What cannot be done, as by something that stands in for torch, is told by whoever needs it: the import
    of torch and of this package fails where Python's own would, and nowhere else.
    """
    with suppress(Exception):
        torch.tensor([0.0], device="cpu")


def watch() -> None:
    """From now on whoever imports torch makes it ready; if it is there already, that is done now."""
    if sys.modules.get(TORCH) is not None:
        import torch  # waits, where another thread is about to import it

        make_ready(torch)
    else:
        sys.meta_path.insert(0, _TorchFinder())


class _TorchFinder:
    """Finds torch where the others find it. Its loader also makes it ready, so that all this happens under
    the lock on its import.

    Others may have wrapped this finder, or have put their own before it: it asks all but itself.
    """

    def __init__(self) -> None:
        self._asking: set[int] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As of any finder on ``sys.meta_path``."""
        thread = threading.get_ident()
        if name != TORCH or thread in self._asking:
            return None
        self._asking.add(thread)
        try:
            for finder in [finder for finder in sys.meta_path if finder is not self]:
                find_spec = getattr(finder, "find_spec", None)
                spec = None if find_spec is None else find_spec(name, path, target)
                if spec is not None:
                    _make_ready_once_loaded(spec)
                    return spec
        finally:
            self._asking.discard(thread)
        return None


def _make_ready_once_loaded(spec: ModuleSpec) -> None:
    # None: a folder without an __init__, which is not torch; or a loader of old, with load_module alone.
    load = getattr(spec.loader, "exec_module", None)
    if load is None:
        return

    def exec_module(module: ModuleType) -> None:
        load(module)
        if module.__name__ == TORCH:  # a loader may serve several modules
            make_ready(module)

    with suppress(AttributeError, TypeError):  # a loader that takes no changes
        spec.loader.exec_module = exec_module  # type: ignore[union-attr, method-assign]
