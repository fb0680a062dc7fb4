"""The front of the built-in body, and its face, as outlines of their parts, for small pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("part_outlines.json")
FACE_FILE = Path(__file__).with_name("face_outlines.json")
"""Both written by `assets.build.part_outlines`."""

FACE_PARTS = ("face", "jaw", "eyes")
"""The head as a whole, and what lies on it."""


@dataclass(frozen=True, eq=False)
class PartOutline:
    """One piece of a part.

    Attributes:
        part: one of `core.model.joints.PARTS`, or of `FACE_PARTS`.
        points: (n, 2) a closed line; x to the right of the picture from the middle of the body, y downwards
            from its top, in heights of the body, or of head and neck.
    """

    part: str
    points: np.ndarray


@lru_cache(maxsize=1)
def builtin_outlines() -> tuple[PartOutline, ...]:
    """Those of the built-in body."""
    return _read(FILE)


@lru_cache(maxsize=1)
def builtin_face() -> tuple[PartOutline, ...]:
    """Those of the built-in body's face."""
    return _read(FACE_FILE)


def _read(path: Path) -> tuple[PartOutline, ...]:
    pieces = json.loads(path.read_text(encoding="utf-8"))
    return tuple(PartOutline(piece["part"], np.array(piece["points"])) for piece in pieces)
