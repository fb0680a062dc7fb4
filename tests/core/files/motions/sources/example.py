"""A small file in the exact form of a source; each source's test names its own in ``EXAMPLES``."""

from __future__ import annotations

import importlib
import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Example:
    """How such a file comes about.

    Attributes:
        source: ``NAME`` of the module that reads it.
        make: what it holds.
        write: that as bytes.
        ending: of its name.
    """

    source: str
    make: Callable[[], Any]
    write: Callable[[Any], bytes]
    ending: str

    def bytes(self) -> bytes:
        return self.write(self.make())


@cache
def examples() -> dict[str, Example]:
    """Those of all sources' tests, by the names that they give them."""
    here = Path(__file__).parent
    found: dict[str, Example] = {}
    for path in sorted(here.glob("test_*.py")):
        if path.stem not in ("test_fuzz", "test_registry"):
            module = importlib.import_module(f"{__package__}.{path.stem}")
            found |= getattr(module, "EXAMPLES", {})
    return found


def plain_pickle(held: Any) -> bytes:
    return pickle.dumps(held, 2)


def npz(held: dict[str, Any]) -> bytes:
    """As ``np.savez`` writes it, dicts as arrays of objects."""
    out = io.BytesIO()
    np.savez(out, **{str(key): _array(value) for key, value in held.items()})
    return out.getvalue()


def npy(held: Any) -> bytes:
    """As ``np.save`` writes it."""
    out = io.BytesIO()
    np.save(out, held, allow_pickle=True)
    return out.getvalue()


def _array(value: Any) -> np.ndarray:
    try:
        return np.asanyarray(value)
    except ValueError:
        return np.array(str(value))


def standing(frames: int = 5, up: str = "y", seed: int = 11) -> np.ndarray:
    """(T, 3) axis-angle of a root that stands along an axis, nearly."""
    from scipy.spatial.transform import Rotation

    onto = {"y": Rotation.identity(), "z": Rotation.from_euler("x", 90, degrees=True)}[up]
    small = Rotation.from_rotvec(np.random.default_rng(seed).normal(scale=0.1, size=(frames, 3)))
    return (onto * small).as_rotvec().astype(np.float32)


def normal(shape: tuple[int, ...], seed: int, scale: float = 0.2) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=scale, size=shape).astype(np.float32)


def without(held: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The same, lacking some keys."""
    return {key: value for key, value in held.items() if key not in keys}
