"""torch's files, read by ``torch.load`` with nothing but weights: nothing in them can run."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError
from core.files.opening import MAX_BYTES, open_to_read

_MAX_MEMBERS = 10_000
_CONTENTS = "/data.pkl"


def is_torch(path: str | Path) -> bool:
    """Whether a zip file is one of torch's; False as well where it is damaged.

    Raises:
        FileError: the file cannot be read.
    """
    with open_to_read(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return any(name.endswith(_CONTENTS) for name in archive.namelist())
        except Exception:
            return False


def read_torch(path: str | Path) -> Any:
    """What a torch file holds: plain containers, numbers, text, and every tensor as an array.

    Raises:
        FileError: the file is damaged or too large, or holds anything else.
    """
    _check_sizes(path)
    import torch

    with open_to_read(path) as file:
        try:
            held = torch.load(file, map_location="cpu", weights_only=True)
        except FileError:
            raise
        except MemoryError:
            raise FileError(path, "needs too much memory") from None
        except Exception as error:
            if "weights_only" in str(error) or "Weights only" in str(error):
                raise FileError(path, "holds Python objects, which are never opened") from None
            raise FileError(path, "is a damaged or incomplete torch file") from None
    try:
        return _plain(path, held, "", [MAX_BYTES])
    except RecursionError:
        raise FileError(path, "is nested too deeply") from None


def _check_sizes(path: str | Path) -> None:
    """torch writes its tensors uncompressed: anything else would be a bomb."""
    with open_to_read(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
        except Exception:
            raise FileError(path, "is a damaged or incomplete torch file") from None
    if len(members) > _MAX_MEMBERS:
        raise FileError(path, f"holds {len(members)} tensors, expected at most {_MAX_MEMBERS}")
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise FileError(path, "is compressed, which torch's own files are not")
    if sum(member.file_size for member in members) > MAX_BYTES:
        raise FileError(path, f"needs more memory than the {MAX_BYTES} bytes allowed")


def _plain(path: str | Path, value: Any, key: str, left: list[int]) -> Any:
    import torch

    if isinstance(value, dict):
        return {name: _plain(path, item, f"{key}.{name}" if key else str(name), left)
                for name, item in value.items()}  # fmt: skip
    if isinstance(value, (list, tuple)):
        return [_plain(path, item, key, left) for item in value]
    if not isinstance(value, torch.Tensor):
        return value
    if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized:
        raise FileError(path, "is a tensor of a kind that is not opened, expected a dense one", key=key)
    # A tensor may claim one number a billion times over: it is counted at its full size.
    left[0] -= math.prod(value.shape) * value.element_size()
    if left[0] < 0:
        raise FileError(path, f"needs more memory than the {MAX_BYTES} bytes allowed", key=key)
    value = value.detach().resolve_conj().resolve_neg()
    if value.dtype in (torch.bfloat16, torch.float16):
        value = value.float()
    try:
        return np.ascontiguousarray(value.numpy())
    except (TypeError, RuntimeError):
        raise FileError(path, f"is a tensor of {value.dtype}, expected numbers", key=key) from None
