"""Which settings have an effect beside the others, and which values they can take there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.fitting.settings import FitSettings

OF_JOINTS = (
    "order", "free_global_orient", "free_body", "free_left_hand", "free_right_hand", "free_jaw", "free_eyes",
    "pose_prior", "pose_prior_to", "jaw_prior", "eyes_prior",
)  # fmt: skip
OF_SHAPE = ("shape", "shape_prior", "shape_frames", "num_betas")
OF_EXPRESSION = ("expression", "expression_prior", "num_expression")
# The published method fits each frame on its own, and ends by its gradient.
NOT_PUBLISHED = ("smoothness", "shape_frames", "tolerance")
OF_VERTICES = ("robust", "robust_by", "robust_scale")


def no_effect(settings: FitSettings, name: str, method: str = "gauss-newton") -> str:
    """Why a setting changes nothing beside the others, as a sentence; empty where it does."""
    if method != "gauss-newton" and name in NOT_PUBLISHED:
        return "The published method does without"
    if settings.stage == "translation" and name == "edge_weight":
        return "Edges do not see where the body is"
    if not settings.metrics[0] and name in OF_VERTICES:
        return "The robust loss is of distances between vertices: give the vertex metric a weight"
    if settings.stage == "translation" and name in (*OF_JOINTS, *OF_SHAPE, *OF_EXPRESSION):
        return "The translation stage moves the body as a whole"
    if name == "free_transl" and not settings.metrics[0]:
        return "Edges alone do not see where the body is: give the vertex metric a weight"
    if name in ("robust_by", "robust_scale") and settings.robust == "none":
        return "There is no robust loss"
    if name == "pose_prior_to" and not settings.pose_prior:
        return "There is no pose prior"
    if name == "jaw_prior" and not settings.free_jaw:
        return "The jaw is held"
    if name == "eyes_prior" and not settings.free_eyes:
        return "The eyes are held"
    if name in OF_SHAPE and name != "shape" and settings.shape == "fixed":
        solved_alike = name == "shape_frames" and settings.expression == "shared"
        return "" if solved_alike else "The shape is held"
    if name in OF_EXPRESSION and name != "expression" and settings.expression == "off":
        return "The expression is held"
    return ""


def with_value(settings: FitSettings, name: str, value: Any) -> FitSettings | None:
    """Settings with one of them changed; None where they would make no sense together."""
    try:
        return replace(settings, **{name: value})
    except ValueError:
        return None
