"""Results to catalogue, made of one fit of a built-in motion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.model.fit_result import FitResult
from core.outputs.results import save_result
from tests.core.clip_fits import fitted_clip


def walk() -> FitResult:
    """The fit of a few frames of a built-in motion."""
    return fitted_clip("walk", 0, 40)[2]


def worse(result: FitResult, frame: int, millimetres: float) -> FitResult:
    """The same with one frame that far off."""
    mean, most = np.array(result.mean_mm), np.array(result.max_mm)
    mean[frame], most[frame] = millimetres, 3 * millimetres
    return replace(result, mean_mm=mean, max_mm=most)


def put(folder: Path, place: str, result: FitResult | None = None, **changes: Any) -> Path:
    """Writes a result below a folder."""
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    save_result(path, replace(walk() if result is None else result, **changes), overwrite=True)
    return path
