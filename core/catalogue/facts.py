"""What a fit says of itself, as the catalogue keeps it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.catalogue.entry import MOST_PROBLEMS, MOST_TEXTS, Entry, number, whole
from core.files.assumption import meaning_of_json
from core.measure.figures import FIGURES
from core.measure.motion_metrics import MotionMetrics
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.result_views import worst_frame
from core.problems.detect import Problem, find_problems, problem_frames
from core.problems.findings import Finding
from core.session.fit_origin import told_of
from core.shown_text import shown

CURVE_POINTS = 64
ROUNDED = 1e-3
"""Millimetres, and seconds: figures that differ by less were only kept in another way."""
NOTHING, TOP = 255, 254
"""Of a curve: where nothing is fitted, and the highest value."""


def of_result(output: str, result: FitResult) -> Entry:
    """All that a result says by itself.

    Args:
        output: its place below the folder.
        result: the fit.
    """
    source, recipe = told_of(result, "source"), told_of(result, "recipe")
    summary = result.summary()
    top, curve = curve_of(result.mean_mm, result.fitted)
    path = _text(source.get("path")) or _text(source.get("file")) or result.source_name
    meaning = meaning_of_json(source)
    notes = source.get("notes")
    settings = json.dumps(recipe, sort_keys=True).encode()
    entry = Entry(
        output=output,
        source=path,
        sha256=_text(source.get("sha256")),
        start=whole(source.get("start")),
        person=_text(_table(source.get("reading")).get("person")),
        family=_text(told_of(result, "source_body").get("family")),
        target=result.family,
        gender=result.gender,
        frames=len(result),
        fitted=int(result.fitted.sum()),
        converged=int((result.converged & result.fitted).sum()),
        rate=number(result.frame_rate),
        bodies=_text(result.provenance.get("bodies")),
        source_body=_text(told_of(result, "source_body").get("sha256")),
        target_body=_text(told_of(result, "target_body").get("sha256")),
        correspondence=_text(told_of(result, "correspondence").get("sha256")),
        mask=_text(told_of(result, "correspondence").get("mask_sha256")),
        recipe=shown(_text(recipe.get("name"))),
        settings=hashlib.sha256(settings).hexdigest()[:16] if recipe else "",
        made_by=shown(_text(result.provenance.get("made_by"))),
        made_at=shown(_text(result.provenance.get("made_at"))),
        seconds=_rounded(result.seconds),
        mean=_rounded(summary["mean"]),
        median=_rounded(summary["median"]),
        p95=_rounded(summary["p95"]),
        max=_rounded(summary["max"]),
        worst=worst_frame(result) if result.fitted.any() else None,
        parts=tuple(map(_rounded, result.part_means())),
        curve=curve,
        curve_top=_rounded(top),
        assumed=meaning["assumed"],
        unused=tuple(map(shown, meaning["unused"][:MOST_TEXTS])),
        notes=_sentences(notes if isinstance(notes, list) else ()),
        failure=shown(result.failure),
    )
    return with_problems(entry, find_problems(fit_alone(result)))


def is_of_same_fit(one: Entry, other: Entry) -> bool:
    """Whether two entries are of one fit, of which one may know more."""
    same = ("made_at", "settings", "frames", "fitted", "converged", "worst")
    close = ("seconds", "mean", "median", "p95", "max")
    return all(getattr(one, name) == getattr(other, name) for name in same) and all(
        _is_close(getattr(one, name), getattr(other, name)) for name in close
    )


def _is_close(one: float | None, other: float | None) -> bool:
    return one == other or (one is not None and other is not None and abs(one - other) < ROUNDED)


def with_problems(entry: Entry, problems: Sequence[Problem], verdicts: Sequence[str] | None = None) -> Entry:
    """The entry with problems in place of those that it has.

    Args:
        entry: of the clip.
        problems: all of them.
        verdicts: whose fault each of them is, in words.
    """
    said = [""] * len(problems) if verdicts is None else verdicts
    frames = len(problem_frames(problems))
    worst = sorted(zip(problems, said, strict=True), key=lambda pair: -_severity(pair[0]))[:MOST_PROBLEMS]
    worst.sort(key=lambda pair: pair[0].first)
    return replace(
        entry,
        problem_frames=frames,
        problems=tuple(problem for problem, _ in worst),
        verdicts=tuple(words for _, words in worst),
    )


def with_measures(entry: Entry, measures: MotionMetrics, findings: Sequence[Finding] | None = None) -> Entry:
    """The entry with what is known once the fit was posed and measured against its source.

    Args:
        entry: of the clip.
        measures: of the fit.
        findings: its problems, judged; None where only the measures are known.
    """
    summary = measures.summary()
    entry = replace(
        entry,
        measured=True,
        jitter=_rounded(summary["jitter_mm"]["mean"]),
        skate=_rounded(summary["skate_mm"]["max"]),
        sinks=_rounded(summary["penetration_mm"]["max"]),
    )
    if findings is None:
        return with_problems(entry, find_problems(measures))
    pairs = [(problem, finding.blame) for finding in findings for problem in finding.problems]
    return with_problems(entry, [one for one, _ in pairs], [words for _, words in pairs])


def fit_alone(result: FitResult) -> MotionMetrics:
    """The figures that a fit holds itself; those that take the bodies are NaN."""
    count = len(result)
    columns = {"": (count,), "parts": (count, len(PARTS)), "joints": (count, 1)}
    arrays: dict[str, Any] = {
        figure.name: np.full(columns.get(figure.columns, (count, 2)), np.nan, np.float32)
        if figure.over == "frames"
        else np.zeros(0, np.float32)
        for figure in FIGURES
    }
    known = result.fitted[:, None]
    arrays["mean_mm"] = np.where(result.fitted, result.mean_mm, np.nan)
    arrays["max_mm"] = np.where(result.fitted, result.max_mm, np.nan)
    arrays["part_mm"] = np.where(known, result.part_mm, np.nan)
    return MotionMetrics(
        joint_names=("",),
        finite=np.ones(count, bool),
        fitted=result.fitted,
        converged=(result.converged | result.edited) & result.fitted,
        frame_rate=result.frame_rate,
        floor=math.nan,
        **arrays,
    )


def curve_of(values: np.ndarray, fitted: np.ndarray) -> tuple[float, bytes]:
    """A series as the catalogue keeps it.

    Args:
        values: (T,) mm.
        fitted: (T,) bool.

    Returns:
        The top, mm, and a byte for each piece, as `Entry` has them.
    """
    count = len(values)
    if not count:
        return 0.0, b""
    points = min(count, CURVE_POINTS)
    known = np.where(fitted & np.isfinite(values), values, -1.0).astype(np.float64)
    worst = np.maximum.reduceat(known, np.arange(points) * count // points)
    top = float(max(worst.max(), 0.0))
    scaled = np.rint(np.clip(worst, 0, None) / (top or 1.0) * TOP)
    return top, np.where(worst < 0, NOTHING, scaled).astype(np.uint8).tobytes()


def _severity(problem: Problem) -> float:
    severity = problem.severity
    return severity if math.isfinite(severity) else 0.0


def _rounded(value: object) -> float | None:
    found = number(value if not isinstance(value, np.floating) else float(value))
    return None if found is None else round(found, 4)


def _sentences(listed: Sequence[object]) -> tuple[str, ...]:
    return tuple(shown(one) for one in listed[:MOST_TEXTS] if isinstance(one, str))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
