"""Torch is made ready by the thread that imports it, before any other thread gets it.

The first tensor that torch makes of Python numbers looks up classes of its own: its C++ code holds the guard
of a static variable and imports, in Python. A second thread that makes its first tensor meanwhile waits for
that guard without letting go of the interpreter's lock, which the import needs: both wait for ever, the
likelier the slower imports are, as with PySide6's. Python's own lock on the import of torch has no such trap,
and nobody gets around it. Cheap to import, and so is `core`: torch still comes when it is first needed.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

TORCH = "torch"


def make_ready(torch: ModuleType) -> None:
    """Does what only one thread may be the first to do."""
    torch.tensor([0.0], device="cpu")


def watch() -> None:
    """From now on whoever imports torch makes it ready; if it is there already, that is done now."""
    if TORCH in sys.modules:
        import torch  # waits, where another thread is about to import it

        make_ready(torch)
    else:
        sys.meta_path.insert(0, _TorchFinder())


class _TorchFinder:
    """Finds torch where the others find it. Its loader also makes it ready, so that all this happens under
    the lock on its import."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As of any finder on ``sys.meta_path``."""
        if name != TORCH:
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                _make_ready_once_loaded(spec)
                return spec
        return None


def _make_ready_once_loaded(spec: ModuleSpec) -> None:
    loader = spec.loader
    if loader is None:  # a folder without an __init__, which is not torch
        return
    load = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        load(module)
        make_ready(module)

    loader.exec_module = exec_module  # type: ignore[method-assign]
