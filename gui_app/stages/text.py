"""Stages of a recipe, and what they did, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from core.fitting.recipe.draft import DraftStage
from core.fitting.recipe.setting_rules import SETTINGS
from core.model.joints import PARTS

if TYPE_CHECKING:
    from core.fitting.stage_reports import StageReport
    from core.model.fit_result import FitResult

TITLES = {"edge": "Edge", "translation": "Translation", "vertex": "Vertex"}
STARTS = {
    "source": "The source's rotations, joint by joint",
    "parts": "Body parts laid onto their targets, one by one",
    "current": "The fit shown, where there is one",
}
START_WORDS = {"source": "source", "parts": "parts", "current": "fit"}


def value_words(name: str, value: Any) -> str:
    """``0.001 m²/rad²``, ``on``, ``huber``."""
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    if name == "part_weights":
        changed = [f"{part} ×{weight:g}" for part, weight in zip(PARTS, value, strict=True) if weight != 1]
        return ", ".join(changed) or "all ×1"
    unit = SETTINGS[name].metadata["unit"]
    return f"{value:g} {unit}" if unit else f"{value:g}"


def setting_tip(name: str, most: int | None = None) -> str:
    """What a setting does, its range and its unit; of what the body has, ``most`` is how many it has."""
    metadata = SETTINGS[name].metadata
    if "range" not in metadata:
        return str(metadata["help"])
    low, high = metadata["range"]
    unit = f" {metadata['unit']}" if metadata["unit"] else ""
    if most is not None and most < high:
        return f"{metadata['help']}\n{low:g} to {max(low, most):g}{unit}, which the body has"
    return f"{metadata['help']}\n{low:g} to {high:g}{unit}"


def changes_words(entry: DraftStage) -> str:
    """What is not as it was, in a line; the iterations first."""
    words = [f"{entry.settings.iterations} iterations"]
    for name, item in SETTINGS.items():
        if name == "iterations" or not entry.changed(name):
            continue
        value = getattr(entry.settings, name)
        if name == "part_weights":
            words.append(value_words(name, value))
        else:
            words.append(f"{item.metadata['label'].lower()} {value_words(name, value)}")
    return " · ".join(words)


def millimetres(before: float, after: float) -> str:
    """``5.21 → 4.02 mm``, or what is known of it."""
    if math.isnan(after):
        return "" if math.isnan(before) else f"{before:.2f} mm"
    return f"{after:.2f} mm" if math.isnan(before) else f"{before:.2f} → {after:.2f} mm"


def report_words(report: StageReport) -> str:
    """``12 iterations · 0.3 s``, and how many frames are done while it goes on."""
    steps = f"{report.steps} iteration{'' if report.steps == 1 else 's'}"
    words = [steps, f"{report.seconds:.1f} s"]
    if report.frames_done and not report.over:
        words.append(f"{report.frames_done:,} of {report.frames_total:,}")
    return " · ".join(words)


def report_tip(report: StageReport) -> str:
    """What the figures of a report mean."""
    lines = [
        "Mean v2v error (mm) where this stage started, over at most 64 of its frames, and where it ended",
        "Most iterations that a frame took",
    ]
    if report.shape_steps:
        lines[-1] += f"; {report.shape_steps} of them with the shape"
    if objective_words(report):
        lines.append(f"Objective a frame: {objective_words(report)}")
    return "\n".join(lines)


def objective_words(report: StageReport) -> str:
    """``0.045 → 0.032 m²``: the objective a frame where the stage started and where it ended; empty where
    that is not known."""
    if len(report.objective) < 2:
        return ""
    return f"{report.objective[0]:.3g} → {report.objective[-1]:.3g} m²"


def outcome_words(frames: np.ndarray, before: FitResult | None, after: FitResult | None) -> str:
    """``3.21 → 2.10 mm``: the mean error of these frames before a run and after it."""
    if after is None or not len(frames):
        return ""
    return millimetres(_mean(before, frames), _mean(after, frames))


def _mean(result: FitResult | None, frames: np.ndarray) -> float:
    if result is None or not result.fitted[frames].any():
        return math.nan
    return float(np.nanmean(result.mean_mm[frames]))
