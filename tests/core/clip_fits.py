"""Fits of built-in clips, made once for all tests that only read them."""

from __future__ import annotations

from functools import lru_cache

from core.files.builtin_files import builtin_folder
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from tests.variants import body_pair

CLIPS = ("range_of_motion", "walk", "dance", "cartwheel", "spinkick", "backflip")


def bodies(variant: str) -> BodyPair:
    """A pair of `tests.variants`."""
    return body_pair(variant)


def clip(name: str, start: int | None = None, stop: int | None = None) -> Motion:
    """Frames of a built-in motion."""
    return load_motion(builtin_folder() / "motions" / f"{name}_poses.npz").cut(start, stop)


def fit(motion: Motion, pair: BodyPair) -> FitResult:
    """A converged fit, its shape from 16 frames."""
    run = FitRun(motion, pair, FitSettings(shape_frames=16), device="cpu", threads=1)
    for _ in run:
        pass
    return run.result()


@lru_cache(maxsize=32)
def fitted_clip(
    name: str, start: int | None = None, stop: int | None = None, variant: str = "built-in"
) -> tuple[Motion, BodyPair, FitResult]:
    """Frames of a built-in motion with their fit."""
    motion, pair = clip(name, start, stop), bodies(variant)
    return motion, pair, fit(motion, pair)
