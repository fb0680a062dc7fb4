"""A CUDA device without one: tensors that say they are there, and refuse to be mixed with those that are not.

The arithmetic is the processor's. What fails on a GPU and nowhere else is nearly always a tensor left on the
wrong side, and that fails here in the same places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")
LABEL = "Pretended GPU"
# May have arguments on both sides.
_CROSSING = {"to", "copy_", "as_tensor", "tensor"}
_INDEXING = {"__getitem__", "__setitem__"}


class OnGpu(Tensor):
    """A tensor on the pretended device."""

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: object, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _call(func, args, kwargs or {})


class _Everything(TorchFunctionMode):
    """Sees what makes tensors out of nothing, too."""

    def __torch_function__(
        self, func: Callable[..., Any], types: object, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _call(func, args, kwargs or {})


def on_gpu(tensor: Tensor) -> bool:
    """Whether a tensor is on the pretended device."""
    return isinstance(tensor, OnGpu) or hasattr(tensor, "_on_gpu")


def _call(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    name = getattr(func, "__name__", "")
    owner = getattr(func, "__self__", None)
    first = args[0] if args and isinstance(args[0], Tensor) else None
    if name == "__get__" and first is not None:
        if owner is Tensor.device:
            return GPU if on_gpu(first) else CPU
        if owner is Tensor.is_cuda:
            return on_gpu(first)
    if name in ("numpy", "__array__") and first is not None and on_gpu(first):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")
    wanted = _wanted_device(name, args, kwargs)
    tensors = [leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, Tensor)]
    there = any(on_gpu(tensor) for tensor in tensors)
    if there and name not in _CROSSING and wanted is None:
        _refuse_mixed(name, first, args, tensors)
    if wanted is not None:
        args, kwargs = tree_map(_without_device, (args, kwargs))
    with torch._C.DisableTorchFunctionSubclass():
        found = func(*args, **kwargs)
        if name == "__setitem__" or (name.endswith("_") and not name.endswith("__")):
            return found
        goes = there if wanted is None else wanted == GPU.type
        if name == "cpu":
            goes = False
        crossing = first is not None and on_gpu(first) != goes
        return tree_map(lambda each: _placed(each, goes, crossing), found)


def _wanted_device(name: str, args: Any, kwargs: dict[str, Any]) -> str | None:
    """The kind of device that is asked for, if any is."""
    asked = [kwargs.get("device")]
    if name in ("to", "type"):
        asked += [arg for arg in args[1:] if isinstance(arg, (str, torch.device))]
        asked += [GPU if on_gpu(arg) else CPU for arg in args[1:] if isinstance(arg, Tensor)]
    for each in asked:
        if each is not None:
            return torch.device(each).type
    return None


def _without_device(value: Any) -> Any:
    named = isinstance(value, str) and value.startswith(GPU.type)
    return CPU if named or isinstance(value, torch.device) else value


def _refuse_mixed(name: str, first: Tensor | None, args: Any, tensors: list[Tensor]) -> None:
    if name in _INDEXING and first is not None and on_gpu(first):
        # The indices may be on either side, what is stored may not.
        tensors = [first, *(arg for arg in args[2:] if isinstance(arg, Tensor))]
    strangers = [tensor for tensor in tensors if not on_gpu(tensor) and tensor.dim() > 0]
    if name in _INDEXING and first is not None and not on_gpu(first):
        strangers.append(first)
    if strangers:
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in strangers)
        raise RuntimeError(f"{name}: expected all tensors to be on the same device, {shapes} on the cpu")


def _placed(value: Any, goes: bool, crossing: bool) -> Any:
    if not isinstance(value, Tensor):
        return value
    if value.layout != torch.strided and not goes:
        return value
    if crossing and value.layout == torch.strided:
        value = value.clone()
    if value.layout != torch.strided:
        # Sparse ones cannot be of a class of their own.
        value._on_gpu = True  # type: ignore[attr-defined]
        return value
    return value.as_subclass(OnGpu if goes else Tensor)  # type: ignore[arg-type]


@contextmanager
def pretended_gpu(free_bytes: int = 8 << 30, reserved_bytes: int = 0) -> Iterator[None]:
    """Within it ``torch.device('cuda')`` can be used, also by the threads of a fit."""
    from core.fitting import run, workers
    from core.fitting.objective import patch_products, skin_gradient

    def through(compiled: Callable[..., Any]) -> Callable[..., Any]:
        # What is compiled does not ask the classes of its arguments.
        return lambda *args: _call(compiled, args, {})

    first = workers.one_thread

    def begin() -> None:
        first()
        _Everything().__enter__()

    with pytest.MonkeyPatch.context() as patch, _Everything():
        patch.setattr(workers, "one_thread", begin)
        patch.setattr(run, "one_thread", begin)
        patch.setattr(patch_products, "pose", through(patch_products.pose))
        patch.setattr(skin_gradient, "add_back", through(skin_gradient.add_back))
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "device_count", lambda: 1)
        patch.setattr(torch.cuda, "get_device_name", lambda device=None: LABEL)
        made = SimpleNamespace(name=LABEL, total_memory=2 * free_bytes)
        patch.setattr(torch.cuda, "get_device_properties", lambda device=None: made)
        patch.setattr(torch.cuda, "empty_cache", lambda: None)
        patch.setattr(torch.cuda, "memory_reserved", lambda device=None: reserved_bytes)
        patch.setattr(torch.cuda, "memory_allocated", lambda device=None: 0)
        patch.setattr(torch.cuda, "mem_get_info", lambda device=None: (free_bytes, 2 * free_bytes))
        yield
