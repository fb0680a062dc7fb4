"""Files as joblib writes them, without joblib: each array's bytes follow the operation that describes it."""

from __future__ import annotations

import gzip
import io
import pickle
import types
import zlib
from typing import Any

import numpy as np

from tests.core.stand_in_modules import stand_in_modules

ALIGNMENT = 16


class NumpyArrayWrapper:
    """Stands for an array in the pickle."""

    def __init__(self, array: np.ndarray, aligned: bool) -> None:
        self.subclass = np.ndarray
        self.shape = array.shape
        self.order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
        self.dtype = array.dtype
        self.allow_mmap = not array.dtype.hasobject
        if aligned:
            self.numpy_array_alignment_bytes = ALIGNMENT


NumpyArrayWrapper.__module__ = "joblib.numpy_pickle"


class _Pickler(pickle._Pickler):
    def __init__(self, file: io.BytesIO, protocol: int, aligned: bool) -> None:
        super().__init__(file, protocol)
        self._out, self._aligned = file, aligned

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if type(obj) is not np.ndarray:
            super().save(obj, save_persistent_id)
            return
        wrapper = NumpyArrayWrapper(obj, self._aligned)
        super().save(wrapper)
        if self.proto >= 4:
            self.framer.commit_frame(force=True)
        if obj.dtype.hasobject:
            pickle.dump(obj, self._out, 2)
            return
        if self._aligned:
            padding = ALIGNMENT - (self._out.tell() + 1) % ALIGNMENT
            self._out.write(bytes([padding]) + b"\xff" * padding)
        self._out.write(obj.tobytes(wrapper.order))


def joblib_bytes(contents: Any, compress: str = "", *, protocol: int = 4, aligned: bool = True) -> bytes:
    """What ``joblib.dump`` writes.

    Args:
        contents: anything with arrays in it.
        compress: ``'zlib'`` or ``'gzip'``, or nothing.
        protocol: of the pickle.
        aligned: as since joblib 1.2.
    """
    module = types.ModuleType("joblib.numpy_pickle")
    module.NumpyArrayWrapper = NumpyArrayWrapper  # type: ignore[attr-defined]
    with stand_in_modules({"joblib": types.ModuleType("joblib"), module.__name__: module}):
        out = io.BytesIO()
        _Pickler(out, protocol, aligned).dump(contents)
    data = out.getvalue()
    packed = {"zlib": zlib.compress, "gzip": gzip.compress}
    return packed[compress](data) if compress else data
