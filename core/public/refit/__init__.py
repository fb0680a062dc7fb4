"""Refit for Python: fit SMPL-X to motion in SMPL or SMPL-H, look at the errors, mend frames, save.

    import refit

    motion = refit.load_motion("walk_poses.npz")
    fit = refit.fit(motion)
    problems = refit.find_problems(fit, motion)
    fit = refit.refit_frames(fit, motion, problems, settings={"vertex.robust": "huber"})
    refit.save(fit, "walk_stageii.npz")

Metres, radians, frames first; errors in millimetres. Everything that goes wrong for a reason that can be told
is a `RefitError`, one sentence. What is named here keeps its name and meaning; what it stands on (`core`,
`gui_app`) does not. Importing this module costs nothing: each name brings what it needs when it is used
first.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from core import __version__
from core.errors import RefitError
from core.model.notebook import draw_with

if TYPE_CHECKING:
    from refit._converting import convert
    from refit._exports import export
    from refit._files import load_bodies, load_motion, load_result, save
    from refit._fits import fit, refit_frames
    from refit._measures import find_problems, measure
    from refit._types import (
        BodyModel,
        BodyPair,
        FitResult,
        FitSettings,
        Motion,
        MotionMetrics,
        Outcome,
        Problem,
        Recipe,
        Window,
    )
    from refit._view import view

__all__ = [
    "BodyModel",
    "BodyPair",
    "FitResult",
    "FitSettings",
    "Motion",
    "MotionMetrics",
    "Outcome",
    "Problem",
    "Recipe",
    "RefitError",
    "Window",
    "__version__",
    "convert",
    "export",
    "find_problems",
    "fit",
    "load_bodies",
    "load_motion",
    "load_result",
    "measure",
    "refit_frames",
    "save",
    "view",
]

_WHERE = {
    "_converting": ("convert",),
    "_exports": ("export",),
    "_files": ("load_bodies", "load_motion", "load_result", "save"),
    "_fits": ("fit", "refit_frames"),
    "_measures": ("find_problems", "measure"),
    "_types": (
        "BodyModel",
        "BodyPair",
        "FitResult",
        "FitSettings",
        "Motion",
        "MotionMetrics",
        "Outcome",
        "Problem",
        "Recipe",
        "Window",
    ),
    "_view": ("view",),
}


def __getattr__(name: str) -> Any:
    for module, names in _WHERE.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f"refit.{module}"), name)
            return found
    raise AttributeError(f"module 'refit' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)


def _draw(what: Any) -> bytes:
    from refit._pictures import draw

    return draw(what)


draw_with(_draw)
