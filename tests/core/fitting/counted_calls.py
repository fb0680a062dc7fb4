"""What a device would be asked to do: launches, waits and copies, counted on the pretended one.

A launch is an operation that computes something there, as torch dispatches it; views and what is only
allocated are none. A wait is where the processor needs to know what the device found before it can go on. A
copy brings something from the processor's memory. torch takes some operations to several kernels (a
factorisation, say): the counts are of what Python asks for, which is what takes it time.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from tests.core.fitting import pretended_gpu as pretended

# Told by what they are called: what allocates, and what only looks at a tensor in another way.
_NOTHING = {"empty", "new_empty", "empty_like", "empty_strided", "new_empty_strided", "detach", "detach_",
            "alias", "lift_fresh", "_unsafe_view", "resize_", "sym_size", "sym_stride", "is_same_size",
            "_reshape_alias", "set_"}  # fmt: skip
# What they find decides how large their result is, or they look at it themselves.
_WAITING = {"_local_scalar_dense", "nonzero", "unique_consecutive", "_unique2", "unique_dim", "masked_select",
            "equal", "linalg_solve", "linalg_inv", "linalg_cholesky"}  # fmt: skip
_MADE_HERE = {"tensor", "as_tensor", "scalar_tensor", "from_numpy"}


@dataclass
class Calls:
    """How often the device was asked.

    Attributes:
        launches: operations.
        waits: of the processor for the device.
        copies: to the device.
        by_name: launches by the operation's name, and waits and copies with a word before it.
        where: counts of (what, file, line) as far as they were asked for.
    """

    launches: int = 0
    waits: int = 0
    copies: int = 0
    by_name: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, name: str) -> None:
        """One more."""
        with self._lock:
            setattr(self, kind, getattr(self, kind) + 1)
            self.by_name[name if kind == "launches" else f"{kind} {name}"] += 1

    def taken(self) -> tuple[int, int, int]:
        """Launches, waits and copies until now."""
        return self.launches, self.waits, self.copies


class _Dispatched(TorchDispatchMode):
    """Sees what becomes of a call that concerns the device."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self.calls = calls

    def __torch_dispatch__(self, func: Any, types: object, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        with self:
            found = func.decompose(*args, **kwargs)
        if found is not NotImplemented:
            return found
        name = func._schema.name.split("::")[-1]
        if name in _WAITING or _by_mask(name, args):
            self.calls.add("waits", name)
        if name != "_local_scalar_dense" and name not in _NOTHING and not func.is_view:
            self.calls.add("launches", name)
        return func(*args, **kwargs)


def _by_mask(name: str, args: Any) -> bool:
    """Entries chosen by a mask are counted before they are taken."""
    if name not in ("index", "index_put", "index_put_", "_index_put_impl_"):
        return False
    return any(isinstance(each, Tensor) and each.dtype == torch.bool for each in args[1])


@contextmanager
def counted() -> Iterator[Calls]:
    """Within it, beside `pretended_gpu`, calls are counted, those of all threads together.

    Skips the test where torch makes no other class of a tensor that was made while they are, as 2.4 does.
    """
    calls, inner = Calls(), pretended._call

    def call(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        name = getattr(func, "__name__", "")
        tensors = [each for each in pretended.tree_flatten((args, kwargs))[0] if isinstance(each, Tensor)]
        there = any(pretended.on_gpu(each) for each in tensors)
        wanted = pretended._wanted_device(name, args, kwargs)
        if not there and wanted != pretended.GPU.type:
            return inner(func, args, kwargs)
        if name in ("__get__", "__set__"):
            return inner(func, args, kwargs)
        if not there and (tensors or name in _MADE_HERE):
            calls.add("copies", name)
            return inner(func, args, kwargs)
        if name == "tolist" or (name == "numpy" and kwargs.get("force")):
            calls.add("waits", name)
        if name in ("cpu", "to") and there and (name == "cpu" or wanted == pretended.CPU.type):
            calls.add("waits", name)
            return inner(func, args, kwargs)
        for each in _indices(name, args):
            if isinstance(each, (list, np.ndarray)) or (
                isinstance(each, Tensor) and not pretended.on_gpu(each) and each.dim() > 0
            ):
                calls.add("copies", f"{name} by what is here")
        if name == "copy_" and not pretended.on_gpu(args[1]):
            calls.add("copies", name)
        with _Dispatched(calls):
            try:
                return inner(func, args, kwargs)
            except RuntimeError as error:
                if "already associated to a python object" in str(error):
                    pytest.skip(f"torch {torch.__version__} does not let calls be counted")
                raise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretended, "_call", call)
        yield calls


def _indices(name: str, args: Any) -> tuple[Any, ...]:
    if name not in ("__getitem__", "__setitem__"):
        return ()
    return args[1] if isinstance(args[1], tuple) else (args[1],)
