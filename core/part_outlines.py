"""The front of the built-in body as outlines of its parts, for a small picture."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("part_outlines.json")
"""Written by `core.build_part_outlines`."""


@dataclass(frozen=True, eq=False)
class PartOutline:
    """One piece of a part.

    Attributes:
        part: one of `core.joints.PARTS`.
        points: (n, 2) a closed line; x to the right of the picture from the middle of the body, y downwards
            from its top, in heights of the body.
    """

    part: str
    points: np.ndarray


@lru_cache(maxsize=1)
def builtin_outlines() -> tuple[PartOutline, ...]:
    """Those of the built-in body."""
    pieces = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(PartOutline(piece["part"], np.array(piece["points"])) for piece in pieces)
