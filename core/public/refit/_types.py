"""What the functions of `refit` take and give."""

from core.bodies import BodyPair
from core.body import BodyModel
from core.convert import Outcome
from core.fitting.recipe import Recipe
from core.fitting.result import FitResult
from core.fitting.settings import FitSettings
from core.motion import Motion
from core.motion_metrics import MotionMetrics
from core.problem_frames import Problem

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
]
