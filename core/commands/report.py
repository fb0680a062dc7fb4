"""The figures of a conversion, as a table to read and as JSON to compute with."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import __version__
from core.commands.telling.terminal import PlainTable, Terminal
from core.files.containers.atomic import atomic_write
from core.fitting.recipe.recipe import Recipe
from core.model.body_pair import BodyPair
from core.model.joints import PARTS
from core.model.result_views import left_words
from core.problems.detect import problem_frames
from core.problems.rules import figure, plain
from core.problems.thresholds import ProblemThresholds

if TYPE_CHECKING:
    from core.commands.outcome import Figures, Outcome
    from core.problems.findings import Finding

# Stretches of problem frames that are printed of an input.
MOST_FINDINGS = 10


def print_outcome(console: Terminal, outcome: Outcome) -> None:
    """One line for a finished input, and its notes."""
    name = outcome.name
    if outcome.failure and outcome.fit == "found":
        sentence = f"✗ {name} is done already, but failed: {outcome.failure}: {outcome.job.output}"
        console.print(sentence, style="red", soft_wrap=True)
    elif outcome.failure:
        where = f" → {outcome.job.output}" if outcome.fit == "written" else ""
        console.print(f"✗ {name} failed: {outcome.failure}{where}", style="red", soft_wrap=True)
    elif outcome.status == "done":
        console.print(f"✓ {name} → {outcome.job.output}", style="green", soft_wrap=True)
    elif outcome.status == "skipped":
        console.print(f"– {name} is done already: {outcome.job.output}", style="dim", soft_wrap=True)
    else:
        console.print(f"✗ {name} failed", style="red", soft_wrap=True)
    if outcome.status != "skipped":
        if outcome.read_as:
            console.print(f"  {outcome.read_as}", style="dim", soft_wrap=True)
        if outcome.figures is not None:
            console.print(f"  {_converged(outcome.figures)}", style="dim", soft_wrap=True)
        for note in outcome.notes:
            console.print(f"  {note}", style="dim", soft_wrap=True)


def _converged(figures: Figures) -> str:
    frames = int(figures.summary["frames"])
    words = f"{figures.converged:,} of {frames:,} frame{'s' * (frames != 1)} converged"
    return words if figures.left is None else f"{words}; left {left_words(*figures.left)}"


def print_table(console: Terminal, outcomes: list[Outcome]) -> None:
    """The tables at the end (v2v in mm, mean over frames; max: the worst vertex), then what failed.

    Where fits were checked, two more: the fit mapped back against the source, and SMPL's 24 joints of both
    (`core.measure.map_back`). Where problem frames were looked for, one more for each input.
    """
    fitted = [(outcome.name, outcome.figures) for outcome in outcomes if outcome.figures is not None]
    if fitted:
        columns = ("frames", "s", "ms/frame", "mean mm", "median", "p95", "max")
        _print_columns(console, "motion", columns, [(name, _figures(figures)) for name, figures in fitted])
        parts = [(name, [_mm(value) for value in figures.parts]) for name, figures in fitted]
        _print_columns(console, "mean mm by part", PARTS, parts)
    checked = [(outcome.name, outcome.check) for outcome in outcomes if outcome.check is not None]
    if checked:
        back = [(name, _cells(check.surface_summary())) for name, check in checked]
        _print_columns(console, "mapped back, v2v", ("mean mm", "p95", "max"), back)
        joints = [(name, _cells(check.joints.summary())) for name, check in checked]
        _print_columns(console, "24 joints", ("mean mm", "max", "regressed from both"), joints)
    for outcome in outcomes:
        if outcome.findings is not None:
            _print_findings(console, outcome.name, outcome.findings)
    failed = [outcome for outcome in outcomes if outcome.failed]
    if failed:
        console.print(f"{len(failed)} of {len(outcomes)} failed:", style="red")
        for outcome in failed:
            console.print(f"  {outcome.error}", soft_wrap=True)
    if any(outcome.failure and outcome.fit == "found" for outcome in failed):
        console.print("Those that are done already are fitted again with --retry-failed.")


def _print_findings(console: Terminal, name: str, found: tuple[Finding, ...]) -> None:
    """The worst stretches, in order of time, or one line where there are none."""
    console.print()
    if not found:
        words = f"{name}: no problem frames ({ProblemThresholds().words})"
        console.print(words, style="dim", soft_wrap=True)
        return
    frames = len(problem_frames(problem for finding in found for problem in finding.problems))
    ranked = sorted(found, key=lambda finding: -finding.worst.severity)[:MOST_FINDINGS]
    table = PlainTable()
    for heading in ("frames", "part", "value", "why", "verdict"):
        table.add_column(heading, justify="right" if heading == "value" else "left", no_wrap=heading != "why")
    for finding in sorted(ranked, key=found.index):
        worst = finding.worst
        span = f"{finding.first}–{finding.last}" if finding.last > finding.first else str(finding.first)
        value = figure(worst.value, worst.unit) if worst.unit else "–"
        table.add_row(span, plain(worst.part), value, worst.reason, finding.blame)
    counted = (
        f"{frames:,} problem frame{'s' * (frames != 1)} in {len(found)} stretch{'es' * (len(found) > 1)}"
    )
    words = f"{name}: {counted}" if frames else f"{name}: off throughout, and no frame stands out from that"
    console.print(words, soft_wrap=True)
    console.print(table)
    if len(found) > len(ranked):
        console.print(f"{len(found) - len(ranked)} more: --report FILE.json lists all", style="dim")


def _print_columns(
    console: Terminal, title: str, headings: tuple[str, ...], rows: list[tuple[str, list[str]]]
) -> None:
    console.print()
    console.print_rows((title, *headings), rows)


def _figures(figures: Figures) -> list[str]:
    return [
        str(figures.summary["frames"]),
        f"{figures.seconds:.1f}",
        f"{figures.ms_per_frame:.1f}",
        *(_mm(figures.summary[name]) for name in ("mean", "median", "p95", "max")),
    ]


def _cells(figures: dict[str, float]) -> list[str]:
    return [_mm(value) for value in figures.values()]


def document(
    outcomes: list[Outcome],
    bodies: BodyPair,
    device: str,
    options: argparse.Namespace,
    recipe: Recipe,
    left_out: Sequence[tuple[Path, str]] = (),
) -> dict[str, Any]:
    """The figures of all inputs, in plain json values."""
    return {
        "made_by": f"Refit {__version__}",
        "bodies": "built-in" if bodies.builtin else "licensed",
        "models": str(bodies.folder),
        "to": options.to,
        "preset": options.preset if options.recipe is None else None,
        "recipe": recipe.as_dict(),
        "device": device,
        "threads": options.threads,
        "inputs": [_entry(outcome) for outcome in outcomes],
        "left_out": [{"file": str(file), "is": words} for file, words in left_out],
    }


def write_json(path: Path, figures: dict[str, Any]) -> None:
    """Writes a `document`; an existing report is replaced, as its name was asked for.

    Raises:
        FileError: it cannot be written.
    """
    with atomic_write(path, overwrite=True) as file:
        file.write(json.dumps(figures, indent=2, allow_nan=False).encode())


def _entry(outcome: Outcome) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "source": str(outcome.job.source),
        "output": str(outcome.job.output),
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "notes": list(outcome.notes),
    }
    entry |= outcome.meaning
    if outcome.job.person is not None:
        entry["person"] = outcome.job.person
    if outcome.subject:
        entry["subject"] = outcome.subject
    if outcome.error:
        entry["error"] = outcome.error
    # null: there is no fit.
    entry["refit_failed"] = bool(outcome.failure) if outcome.fit else None
    entry["refit_failure"] = outcome.failure or None
    if outcome.figures is not None:
        figures = outcome.figures
        entry["frames"] = figures.summary["frames"]
        entry["frames_converged"] = figures.converged
        left = figures.left or (None, None, None)
        entry["left"] = dict(zip(("percent", "degrees", "joint"), left, strict=True))
        entry["fit_seconds"] = round(figures.seconds, 3)
        entry["ms_per_frame"] = round(figures.ms_per_frame, 3)
        entry["v2v_mm"] = {
            name: _json_number(figures.summary[name]) for name in ("mean", "median", "p95", "max")
        }
        entry["part_mm"] = {
            part: _json_number(value) for part, value in zip(PARTS, figures.parts, strict=True)
        }
    if outcome.check is not None:
        check = outcome.check
        entry["check"] = {
            "mapped_back_mm": _json_numbers(check.surface_summary()),
            "joints_mm": _json_numbers(check.joints.summary()),
            "joint_mm": _json_numbers(check.joints.by_joint()),
        }
    if outcome.findings is not None:
        entry["problem_frames"] = len(
            problem_frames(problem for finding in outcome.findings for problem in finding.problems)
        )
        entry["problem_thresholds"] = ProblemThresholds().as_dict()
        entry["problems"] = [_finding(finding) for finding in outcome.findings]
    return entry


def _finding(finding: Finding) -> dict[str, Any]:
    worst = finding.worst
    return {
        "first": finding.first,
        "last": finding.last,
        "frame": worst.frame,
        "kind": worst.kind.value,
        "part": worst.part,
        "metric": worst.metric,
        "value": _json_number(worst.value),
        "usual": _json_number(worst.usual),
        "threshold": _json_number(worst.threshold),
        "unit": worst.unit,
        "reasons": [problem.reason for problem in finding.problems],
        "verdict": finding.blame,
        "judged": [
            {
                "frame": judgement.frame,
                "mean_mm": _json_number(judgement.before),
                "refitted_mean_mm": _json_number(judgement.after),
                "verdict": judgement.verdict.value,
            }
            for judgement in finding.judged
        ],
    }


def _mm(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _json_numbers(values: dict[str, float]) -> dict[str, float | None]:
    return {name: _json_number(value) for name, value in values.items()}


def _json_number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
