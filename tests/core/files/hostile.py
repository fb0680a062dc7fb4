"""Pickles that would run code if a reader let them."""

from __future__ import annotations

import os
import pickle
from pathlib import Path


class CreatesFile:
    """Its pickle makes a folder at ``marker`` when it is opened the unsafe way."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.marker),)


def hostile_pickle(marker: Path, protocol: int = 2) -> bytes:
    return pickle.dumps(CreatesFile(marker), protocol)
