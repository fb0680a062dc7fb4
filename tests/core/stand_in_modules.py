"""Modules that are not there, for a while."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def stand_in_modules(modules: Mapping[str, ModuleType]) -> Iterator[None]:
    """Within, ``import`` finds these. No other name is touched: whoever imports at the same time, in another
    thread, would make modules anew that are missing for a moment, and classes in them with them."""
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
