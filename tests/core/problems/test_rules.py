"""Every figure and every bound says all of itself: it is measured, found, named, and can be set."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from string import Formatter

import numpy as np
import pytest

from core.measure.figures import BOUND, FIGURES
from core.measure.measure_motion import measure_motion
from core.measure.motion_metrics import MotionMetrics, per_frame
from core.model.joints import PARTS
from core.outputs.tables import write_error_table
from core.problems.accepted import Accepted
from core.problems.detect import find_problems
from core.problems.rules import RULES, Rule, rule_of
from core.problems.thresholds import ProblemThresholds
from tests.core.clip_fits import fitted_clip
from tests.core.problems.test_detect import steady

THRESHOLDS = {item.name: item for item in fields(ProblemThresholds)}
WIDTH = {"parts": len(PARTS), "hands": 2, "feet": 2}


def test_figures_have_names_and_words_of_their_own() -> None:
    for told in ([f.name for f in FIGURES], [f.label for f in FIGURES], [f.help for f in FIGURES]):
        assert len(set(told)) == len(told)
    for figure in FIGURES:
        assert figure.unit
        assert figure.help.endswith(".")
        assert set(figure.takes) <= {-1, 0, 1}
    bounds = [bound for figure in FIGURES for bound in figure.bounds]
    assert len({bound.name for bound in bounds}) == len({bound.label for bound in bounds}) == len(bounds)


def test_every_figure_is_measured() -> None:
    metrics = measure_motion(*fitted_clip("walk", 0, 12))
    assert {item.name for item in fields(MotionMetrics) if item.metadata} == {f.name for f in FIGURES}
    for figure in FIGURES:
        values = getattr(metrics, figure.name)
        assert np.isfinite(values).any(), figure.name
        width = len(metrics.joint_names) if figure.columns == "joints" else WIDTH.get(figure.columns)
        if figure.over == "frames":
            assert values.shape == ((12, width) if width else (12,)), figure.name
            assert figure.name in per_frame()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.bound.name)
def test_what_exceeds_a_bound_is_found_and_named(rule: Rule) -> None:
    places = {field for _, field, _, _ in Formatter().parse(rule.bound.words) if field}
    assert "value" in places <= {"part", "value", "usual", "limit"}
    values = getattr(steady(), rule.metric).copy()
    values[100] += 100 + 2 * rule.bound.usual
    found = [p for p in find_problems(steady(**{rule.metric: values})) if p.metric == rule.metric]
    mine = [problem for problem in found if rule_of(problem.metric, problem.kind) is rule]
    assert mine, [problem.reason for problem in found]
    assert mine[0].frame == 100
    assert mine[0].unit == rule.figure.unit
    assert f" {rule.figure.unit}".replace(" °", "°") in mine[0].reason
    assert Accepted.of(mine[0]).covers(mine[0])
    wide = ProblemThresholds(**{rule.bound.name: rule.bound.high, "ceiling_mm": 10_000})
    again = find_problems(steady(**{rule.metric: values}), wide)
    assert not [p for p in again if rule_of(p.metric, p.kind) is rule]


@pytest.mark.parametrize("name", BOUND)
def test_every_bound_is_a_threshold(name: str) -> None:
    figure, bound = BOUND[name]
    told = THRESHOLDS[name].metadata
    assert (told["label"], told["help"], told["unit"]) == (bound.label, bound.help, figure.unit)
    assert told["range"] == (bound.low, bound.high)
    given = {name: bound.high}
    assert json.loads(json.dumps(ProblemThresholds(**given).as_dict()))[name] == bound.high
    with pytest.raises(ValueError, match=name):
        ProblemThresholds(**{name: bound.high + 1})


def test_tables_have_what_is_measured(tmp_path) -> None:
    motion, pair, result = fitted_clip("walk", 0, 12)
    write_error_table(tmp_path / "e.csv", result, np.arange(12), metrics=measure_motion(motion, pair, result))
    titles = (tmp_path / "e.csv").read_text().splitlines()[0].split(",")
    for figure in FIGURES:
        if figure.over == "frames" and figure.columns == "":
            assert figure.name in titles


@pytest.mark.parametrize("name", BOUND)
def test_the_manual_says_every_bound(name: str) -> None:
    figure, bound = BOUND[name]
    page = (Path(__file__).parents[3] / "assets/manual/limits.md").read_text(encoding="utf-8")
    rows = [line.strip("| \n") for line in page.splitlines() if line.startswith(f"| {bound.label}")]
    said = f"{bound.usual:g} {figure.unit}".replace(" °", "°")
    assert [row for row in rows if row.endswith(said)], f"no row for {bound.label}, {said}"
