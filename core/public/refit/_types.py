"""What the functions of `refit` take and give."""

from core.commands.outcome import Outcome
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.measure.motion_metrics import MotionMetrics
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.problems.detect import Problem
from refit._window import Window

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
    "Window",
]
